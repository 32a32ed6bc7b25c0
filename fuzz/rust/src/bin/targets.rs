//! Print each target and what it is compared with; with a folder as argument, write the seeds into it.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    for target in core_fuzz::all() {
        println!("{}\t{}", target.name, target.compared_with);
        let Some(folder) = env::args_os().nth(1) else { continue };
        let folder = Path::new(&folder).join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in target.seeds.iter().enumerate() {
            fs::write(folder.join(number.to_string()), seed)?;
        }
    }
    Ok(())
}
