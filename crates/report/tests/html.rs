//! What a browser shows.

mod support;

use bundlescope_report::render_html;

#[test]
fn the_html() {
    for (name, diagnosis) in support::all() {
        let html = render_html(&diagnosis);
        // Style and script have files of their own; the page around them is what can go wrong here.
        let (head, rest) = html.split_once("<style>").unwrap();
        let (_, rest) = rest.split_once("</style>").unwrap();
        let (body, rest) = rest.split_once("<script>").unwrap();
        let (_, tail) = rest.split_once("</script>").unwrap();
        let page = format!("{head}<style></style>{body}<script></script>{tail}");
        support::keep(name, &html);
        insta::assert_snapshot!(format!("html_{name}"), page);
    }
}
