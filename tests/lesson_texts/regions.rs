//! The code that is shown.

use super::*;

#[test]
fn a_region_is_cut_without_its_common_indentation() {
    let rust = "fn f() {\n    // region: loop\n    for _ in 0..n {\n\n        step();\n    }\n    // endregion\n}\n";
    let region = region::cut(rust, "loop").unwrap();
    assert_eq!(
        (region.first_line, region.lines.join("|")),
        (3, "for _ in 0..n {||    step();|}".into())
    );
    let python = "# region: one\nx = 1\n# endregion\n# region: two\n\ty = 2\n# endregion\n";
    assert_eq!(region::cut(python, "two").unwrap().lines, ["y = 2"]);
}

#[test]
fn a_region_that_cannot_be_shown() {
    let source = |lines| format!("// region: a\n{}// endregion\n", "x\n".repeat(lines));
    assert_eq!(region::cut(&source(12), "a").unwrap().lines.len(), 12);
    assert_eq!(
        region::cut(&source(13), "a"),
        Err(RegionError::TooLong { name: "a".into(), lines: 13 })
    );
    assert_eq!(region::cut(&source(0), "a"), Err(RegionError::Empty { name: "a".into(), line: 1 }));
    assert_eq!(
        region::cut("// region: a\nx\n", "a"),
        Err(RegionError::Unclosed { name: "a".into(), line: 1 })
    );
    assert_eq!(
        region::cut("// region: a\nx\n// region: b\n// endregion", "a"),
        Err(RegionError::Unclosed { name: "a".into(), line: 1 })
    );
    let unknown = region::cut(&source(1), "b").unwrap_err();
    assert_eq!(unknown.to_string(), "no line `region: b`; the source has a");
    assert_eq!(FaultKind::from(&unknown), FaultKind::UnknownRegion);
}
