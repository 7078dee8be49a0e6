use walrus::{ConstExpr, Data, DataId, DataKind, Module, ir};

/// How many bytes a location has: where its file's name begins, how long that is, a line and a column.
const LOCATION: usize = 16;

/// Blanks what panics would say of lines in source files; a module that traps at once says nothing.
pub(crate) fn forget_locations(module: &mut Module) {
    let stretches: Vec<DataId> = module.data.iter().map(Data::id).collect();
    for id in stretches {
        let data = module.data.get_mut(id);
        if let DataKind::Active { offset: ConstExpr::Value(ir::Value::I32(start)), .. } = data.kind {
            blank(&mut data.value, start as usize);
        }
    }
}

/// The same for one stretch of memory that begins at `start`.
fn blank(bytes: &mut [u8], start: usize) {
    let mut found = Vec::new();
    for at in (0..bytes.len()).filter(|at| (start + at).is_multiple_of(4)) {
        let Some(location) = bytes.get(at..at + LOCATION) else { break };
        let name = usize_at(location, 0).wrapping_sub(start);
        let name = name..name.saturating_add(usize_at(location, 4));
        if bytes.get(name.clone()).is_some_and(is_source_file) {
            found.extend([name, at..at + LOCATION]);
        }
    }
    for range in found {
        bytes[range].fill(0);
    }
}

fn is_source_file(name: &[u8]) -> bool {
    name.ends_with(b".rs") && name.iter().all(u8::is_ascii_graphic)
}

/// The number of 32 bits that stands there.
fn usize_at(bytes: &[u8], at: usize) -> usize {
    bytes[at..].first_chunk().map_or(0, |number| u32::from_le_bytes(*number) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_and_the_names_of_their_files_become_zeros_and_nothing_else_does() {
        const START: u32 = 1024;
        let mut bytes = b"main.rs and words   ".to_vec();
        for number in [START, 7, 12, 5, START + 8, 3, 1, 1] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        let mut expected = bytes.clone();
        expected[..7].fill(0);
        expected[20..36].fill(0);

        blank(&mut bytes, START as usize);
        assert_eq!(bytes, expected);
    }
}
