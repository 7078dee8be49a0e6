use super::Fault;

/// Reads the bytes of a frame or part, and then zeros.
///
/// It does not stop at a fault but goes on with zeros, and who began asks at the end whether there was
/// one. So a value is read by a straight run of calls without a way out after each, which is half the code; and every
/// page downloads it.
pub struct Reader<'a> {
    bytes: &'a [u8],
    zeros: u8,
    fault: Option<Fault>,
}

/// How many bytes a frame or part may lack: more than any kind has fields, and few enough that a list that claims to
/// be long is found out soon.
const MOST_ZEROS: u8 = 32;

impl<'a> Reader<'a> {
    /// Reads the frames of a message, which may lack nothing.
    pub(crate) fn of_message(bytes: &'a [u8]) -> Self {
        Self { bytes, zeros: 0, fault: None }
    }

    /// Reads the fields of a frame or part.
    pub(crate) fn of_part(bytes: &'a [u8]) -> Self {
        Self { bytes, zeros: MOST_ZEROS, fault: None }
    }

    /// Whether only zeros remain.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether all could be read.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        self.fault.map_or(Ok(()), Err)
    }

    /// Notes what is wrong; the first counts.
    pub(crate) fn fail(&mut self, fault: Fault) {
        self.bytes = &[];
        self.zeros = 0;
        self.fault.get_or_insert(fault);
    }

    /// The number of a frame's kind, which is never left out.
    pub(crate) fn kind(&mut self) -> u64 {
        if self.is_empty() {
            self.fail(Fault::NoKind);
        }
        self.number()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        if let Some((&byte, rest)) = self.bytes.split_first() {
            self.bytes = rest;
            return byte;
        }
        match self.zeros.checked_sub(1) {
            Some(zeros) => self.zeros = zeros,
            None => self.fail(Fault::Short),
        }
        0
    }

    /// A byte that is 0 or 1.
    pub(crate) fn choice(&mut self) -> bool {
        let byte = self.byte();
        if byte > 1 {
            self.fail(Fault::Choice);
        }
        byte == 1
    }

    /// A number in groups of seven bits, the lowest first (LEB128).
    pub(crate) fn number(&mut self) -> u64 {
        if let [byte @ ..0x80, rest @ ..] = self.bytes {
            self.bytes = rest;
            return (*byte).into();
        }
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte();
            let bits = u64::from(byte & 0x7f);
            number |= bits << shift;
            if number >> shift != bits {
                break;
            }
            if byte < 0x80 {
                return number;
            }
        }
        self.fail(Fault::Number);
        0
    }

    /// Such a number, of a type that cannot hold all of them.
    pub(crate) fn small_number<N: TryFrom<u64> + Default>(&mut self) -> N {
        N::try_from(self.number()).unwrap_or_else(|_| {
            self.fail(Fault::Number);
            N::default()
        })
    }

    /// So many bytes.
    pub(crate) fn fixed<const N: usize>(&mut self) -> [u8; N] {
        match self.bytes.split_first_chunk() {
            Some((bytes, rest)) => {
                self.bytes = rest;
                *bytes
            }
            None => std::array::from_fn(|_| self.byte()),
        }
    }

    /// As many bytes as the number before them says.
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let length = self.small_number();
        match self.bytes.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.bytes = rest;
                bytes
            }
            None => {
                self.fail(Fault::Short);
                &[]
            }
        }
    }

    /// A text after its length.
    pub(crate) fn text(&mut self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or_else(|_| {
            self.fail(Fault::Text);
            ""
        })
    }

    /// A part after its length.
    pub(crate) fn part<T>(&mut self, read: impl FnOnce(&mut Reader<'_>) -> T) -> T {
        let mut part = Self::of_part(self.bytes());
        let value = read(&mut part);
        if let Err(fault) = part.end() {
            self.fail(fault);
        }
        value
    }
}
