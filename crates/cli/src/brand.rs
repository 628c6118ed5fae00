//! The template of the HTML report: a vendor's brand and words, from a folder.

use std::fs;
use std::path::Path;

use bundlescope_engine::Diagnosis;
use bundlescope_report::{Template, TemplateFiles, render_html, render_html_with};

/// Files of a template are read up to this many bytes.
const MOST_BYTES: u64 = 4 << 20;

/// The HTML report, with a template where one is given.
pub(crate) fn html(diagnosis: &Diagnosis, folder: Option<&Path>) -> Result<String, String> {
    let Some(folder) = folder else { return Ok(render_html(diagnosis)) };
    render_html_with(diagnosis, &template(folder)?).map_err(|error| placed(folder, &error))
}

/// Reads a template; an error names the file and the line.
pub(crate) fn template(folder: &Path) -> Result<Template, String> {
    let read = |name: &str| {
        let path = folder.join(name);
        let failed = |error: &dyn std::fmt::Display| format!("{}: cannot read the template: {error}", path.display());
        match fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
            Ok(about) if about.len() > MOST_BYTES => return Err(failed(&"more than 4 MiB are no template")),
            Ok(_) => {}
        }
        fs::read_to_string(&path).map(Some).map_err(|error| failed(&error))
    };
    let files = TemplateFiles { page: read("report.html")?, style: read("report.css")?, words: read("words.json")? };
    if files.page.is_none() && files.style.is_none() && files.words.is_none() {
        let expected = "expected a folder with report.html, report.css or words.json";
        return Err(format!("{}: {expected}", folder.display()));
    }
    Template::new(files).map_err(|error| placed(folder, &error))
}

/// A mistake with the folder before the name of its file.
fn placed(folder: &Path, error: &str) -> String {
    folder.join(error).display().to_string()
}
