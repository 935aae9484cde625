//! Every test, file and journey that `docs/security.md` names exists.

use std::{
    fs,
    path::{Path, PathBuf},
};

const PAGE: &str = include_str!("../../docs/security.md");

/// The contents of every file below `folder` whose name ends with `ending`.
fn texts(folder: &Path, ending: &str) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| {
        if path.is_dir() {
            texts(&path, ending)
        } else if path.to_str().is_some_and(|path| path.ends_with(ending)) {
            fs::read_to_string(path).unwrap()
        } else {
            String::new()
        }
    };
    entries.map(text).collect()
}

#[test]
fn every_test_and_file_in_security_md_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (tests, journeys) = (texts(&root.join("src"), ".rs"), texts(&root.join("end2end/tests"), ".spec.ts"));
    let mut missing = Vec::new();
    let mut count = 0;
    for word in PAGE.split('`').skip(1).step_by(2) {
        let is_file = !word.starts_with('/')
            && !word.contains("://")
            && !word.contains(' ')
            && (word.contains('/')
                || Path::new(word).extension().is_some_and(|kind| kind == "toml" || kind == "lock" || kind == "md"));
        let is_test = word.matches('_').count() > 2
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        count += usize::from(is_test);
        if (is_file && !root.join(word).exists()) || (is_test && !tests.contains(&format!("fn {word}("))) {
            missing.push(word);
        }
    }
    // Names in quotation marks in the tables of threats are journeys.
    for row in PAGE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| V")) {
        for name in row.split('"').skip(1).step_by(2) {
            count += 1;
            if !journeys.contains(&format!("test('{name}'")) && !journeys.contains(&format!("test(\"{name}\"")) {
                missing.push(name);
            }
        }
    }
    assert!(count > 50, "only {count} tests and journeys were found in the page");
    assert!(missing.is_empty(), "docs/security.md names tests or files that do not exist: {missing:#?}");
}
