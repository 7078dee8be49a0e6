use super::{Reader, Writer};

/// What can stand in a frame, as the binary codec writes and reads it.
pub(crate) trait Value: Sized {
    fn write(&self, writer: &mut Writer<'_>);

    /// Reads the value; any value after a fault, which the reader remembers.
    fn read(reader: &mut Reader<'_>) -> Self;
}

impl Value for u32 {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.number((*self).into());
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.small_number()
    }
}

impl Value for u64 {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.number(*self);
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.number()
    }
}

impl Value for bool {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.byte((*self).into());
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.choice()
    }
}

impl Value for String {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(self.as_bytes());
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.text().into()
    }
}

impl<T: Value> Value for Option<T> {
    fn write(&self, writer: &mut Writer<'_>) {
        self.is_some().write(writer);
        if let Some(value) = self {
            value.write(writer);
        }
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.choice().then(|| T::read(reader))
    }
}

impl<T: Value> Value for Vec<T> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.number(self.len() as u64);
        self.iter().for_each(|value| value.write(writer));
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        let mut values = Self::new();
        // Not with the capacity that is claimed: whoever claims much must send it.
        for _ in 0..reader.number() {
            values.push(T::read(reader));
            if reader.end().is_err() {
                break;
            }
        }
        values
    }
}
