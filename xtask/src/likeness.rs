//! The order of a module's functions. Compression trusts most what it saw last: functions that are alike are best
//! beside each other.

use std::collections::HashSet;

use anyhow::{Context as _, bail};

/// How long a sequence of bytes must be that two functions share to be alike; found by trying.
const SHARED: usize = 4;

const CUSTOM: u8 = 0;
const IMPORTS: u8 = 2;
const CODE: u8 = 10;

/// Names the functions of a module that imports none so that, in the order of their names, each is followed by the one
/// that is most like it; for wasm-opt, which can bring functions into the order of their names.
pub(crate) fn name_by_likeness(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let functions = functions(module)?;
    let mut names = Vec::new();
    number(functions.len(), &mut names);
    for (function, rank) in ranks(&functions).into_iter().enumerate() {
        number(function, &mut names);
        text(format!("{rank:04}").as_bytes(), &mut names);
    }
    let mut section = Vec::new();
    text(b"name", &mut section);
    section.push(1);
    text(&names, &mut section);
    let mut named = module.to_vec();
    named.push(CUSTOM);
    text(&section, &mut named);
    Ok(named)
}

/// The bytes of each function.
fn functions(module: &[u8]) -> anyhow::Result<Vec<&[u8]>> {
    let mut rest = module.get(8..).context("a module has eight bytes and more")?;
    while let Some((&kind, after)) = rest.split_first() {
        let mut section;
        (section, rest) = part(after)?;
        match kind {
            IMPORTS => bail!("the module imports something"),
            CODE => {
                let count;
                (count, section) = read_number(section)?;
                let mut functions = Vec::new();
                for _ in 0..count {
                    let function;
                    (function, section) = part(section)?;
                    functions.push(function);
                }
                return Ok(functions);
            }
            _ => {}
        }
    }
    bail!("the module has no code")
}

/// The place of each function: the first stays the first, and after each comes the one of the others that shares most
/// with it.
fn ranks(functions: &[&[u8]]) -> Vec<usize> {
    let pieces: Vec<HashSet<&[u8]>> =
        functions.iter().map(|function| function.windows(SHARED).collect()).collect();
    let mut ranks = vec![0; functions.len()];
    let mut left: Vec<usize> = (1..functions.len()).collect();
    let mut last = 0;
    for rank in 1..functions.len() {
        let shared = |one: usize| pieces[last].intersection(&pieces[one]).count();
        // Of those that are as like, the first.
        let likest = left.iter().enumerate().rev().max_by_key(|&(_, &one)| shared(one));
        let Some((at, _)) = likest else { break };
        last = left.remove(at);
        ranks[last] = rank;
    }
    ranks
}

/// What stands after its length, and what follows it.
fn part(bytes: &[u8]) -> anyhow::Result<(&[u8], &[u8])> {
    let (length, rest) = read_number(bytes)?;
    rest.split_at_checked(length).context("the module ends too early")
}

/// A number in groups of seven bits, the lowest first (LEB128), and what follows it.
fn read_number(bytes: &[u8]) -> anyhow::Result<(usize, &[u8])> {
    let length = 1 + bytes.iter().take_while(|&&byte| byte >= 0x80).count();
    let (number, rest) = bytes.split_at_checked(length).context("the module ends too early")?;
    Ok((number.iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f)), rest))
}

fn number(mut number: usize, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn text(text: &[u8], to: &mut Vec<u8>) {
    number(text.len(), to);
    to.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(functions: &[&[u8]]) -> Vec<u8> {
        let mut code = vec![functions.len() as u8];
        for function in functions {
            text(function, &mut code);
        }
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.push(CODE);
        text(&code, &mut module);
        module
    }

    #[test]
    fn each_function_is_followed_by_the_one_that_is_most_like_it() {
        let alike = [b"the first of two".as_slice(), b"something else", b"another", b"first of two here"];
        assert_eq!(ranks(&alike), [0, 2, 3, 1]);
    }

    #[test]
    fn names_follow_a_module_that_stays_as_it_is() {
        let long = [7; 200];
        let module = module(&[b"one", &long]);
        let named = name_by_likeness(&module).expect("a module");
        assert!(named.starts_with(&module));
        assert_eq!(named[module.len()..], *b"\0\x14\x04name\x01\x0d\x02\0\x040000\x01\x040001");
        assert_eq!(functions(&named).expect("a module"), [b"one".as_slice(), &long]);
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(name_by_likeness(b"\0asm\x01\0\0\0\x0a\x09").is_err());
        assert!(name_by_likeness(b"").is_err());
    }
}
