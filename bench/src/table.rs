//! Tables for people: columns as wide as what stands in them, numbers to the right.

/// Prints rows under a head.
pub(crate) fn print(head: &[&str], rows: &[Vec<String>]) {
    let width = |nth: usize| {
        let cells = rows.iter().filter_map(|row| row.get(nth)).map(|cell| cell.chars().count());
        cells.chain([head[nth].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (nth, (cell, &width)) in cells.zip(&widths).enumerate() {
            let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
            match nth {
                0 => line = format!("  {cell}{padding}"),
                _ => line = format!("{line}  {padding}{cell}"),
            }
        }
        println!("{}", line.trim_end());
    };
    line(&mut head.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    println!();
}
