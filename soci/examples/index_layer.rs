//! Indexes one layer and prints what became of it: to compare with other builders, and to measure.
//!
//! `index_layer LAYER [OUT.ztoc [SPAN_SIZE [BUILD_TOOL]]]`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::fs::File;
use std::io::Read as _;
use std::process::ExitCode;
use std::time::Instant;

use launchway_soci::{IndexerOptions, LayerIndexer};

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let mut options = IndexerOptions::default();
    let (layer, rest) = arguments
        .split_first()
        .ok_or("usage: index_layer LAYER [OUT.ztoc [SPAN_SIZE [BUILD_TOOL]]]")?;
    if let Some(span_size) = rest.get(1) {
        options.span_size = span_size.parse()?;
    }
    if let Some(build_tool) = rest.get(2) {
        options.build_tool.clone_from(build_tool);
    }

    let begun = Instant::now();
    let mut indexer = LayerIndexer::new(options);
    let mut file = File::open(layer)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        indexer.write(&buffer[..length]);
    }
    let ending = Instant::now();
    let indexed = indexer.finish();

    println!("layer {} size {}", indexed.digest, indexed.size);
    if let Some(diff_id) = indexed.diff_id {
        println!("diffid {diff_id}");
    }
    println!(
        "time {:.3} s, of which the end {:.3} s",
        begun.elapsed().as_secs_f64(),
        ending.elapsed().as_secs_f64()
    );
    let ztoc = indexed.ztoc?;
    println!(
        "ztoc {} size {} spans {} members {}",
        ztoc.digest,
        ztoc.bytes.len(),
        indexed.spans,
        indexed.members
    );
    if let Some(out) = rest.first() {
        std::fs::write(out, &ztoc.bytes)?;
    }
    Ok(())
}
