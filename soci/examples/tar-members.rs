//! Prints what the tar reader finds in archives, one line of JSON each: for comparing it with other
//! readers. Reads archives from standard input, each after its length (4 bytes, little endian).

use std::io::{self, BufWriter, Read, Write};

use launchway_soci::tar::TarReader;

#[path = "../tests/tar/json.rs"]
mod json;

fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut output = BufWriter::new(io::stdout().lock());
    let mut length = [0; 4];
    while input.read(&mut length[..1])? == 1 {
        input.read_exact(&mut length[1..])?;
        let mut archive = Vec::new();
        let length = u64::from(u32::from_le_bytes(length));
        (&mut input).take(length).read_to_end(&mut archive)?;
        let mut reader = TarReader::default();
        reader.write(&archive);
        writeln!(output, "{}", json::outcome(&reader.finish()))?;
    }
    output.flush()
}
