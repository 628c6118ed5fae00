//! Where the secrets of a line stand.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Names whose values are secret: `POSTGRES_PASSWORD`, `db.passwd`, `aws_secret_access_key`, `X-Auth-Token`. What follows
/// such a word makes it the name of something else (`PASSWORD_FILE`, `token_type`), so it has to end the name.
const NAME: &str = r"(?:[a-z0-9]+[_.-])*[a-z0-9]*(?:password|passwd|passphrase|passwort|(?:\b|[_.-])pass|(?:\b|[_.-])pwd|secret|token|api[_.-]?key|access[_.-]?key|secret[_.-]?key|private[_.-]?key|encryption[_.-]?key|master[_.-]?key|signing[_.-]?key|auth[_.-]?key|account[_.-]?key|credentials?|requirepass|masterauth|erlang[_.-]?cookie|session[_.-]?id|sessid|connection[_.-]?string|webhook[_.-]?url|license[_.-]?key|join[_.-]?key|unseal[_.-]?key)(?:[_.-]?(?:[0-9]+|hash|base64|b64|value|plain))?";

/// What a value looks like behind `=`, quoted or bare.
const VALUE: &str = r#""((?:[^"\\]|\\.)+)"|'((?:[^'\\]|\\.)+)'|([^\s"',;&<>|)}\]]+)"#;

/// One shape of secrets: an expression whose groups that took part are the secrets.
struct Shape {
    /// Lower-case texts of which the line holds one, or it need not be searched.
    needs: &'static [&'static str],
    expression: Option<Regex>,
    /// Values that say nothing (`true`, `none`, a path) are left alone.
    weigh: bool,
}

fn shape(needs: &'static [&'static str], expression: &str, weigh: bool) -> Shape {
    // A test proves that every expression can be read.
    Shape { needs, expression: Regex::new(&format!("(?i){expression}")).ok(), weigh }
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    const WORDS: &[&str] = &[
        "pass",
        "pwd",
        "secret",
        "token",
        "key",
        "credential",
        "masterauth",
        "cookie",
        "sess",
        "connection",
        "webhook",
    ];
    vec![
        // NAME=value, "NAME=value", name => value.
        shape(WORDS, &format!(r#"(?:^|[^a-z0-9_.-])(?:{NAME})["']?\s*=>?\s*(?:{VALUE})"#), true),
        // "name": "value", 'name': 'value', also with escaped quotes.
        shape(WORDS, &format!(r#"["'](?:{NAME})\\?["']\s*:\s*(?:\\?"((?:[^"\\]|\\[^"])+)\\?"|'([^']+)')"#), true),
        // name: value, as YAML and listings have it: the name begins the line.
        shape(WORDS, &format!(r"^[\s>|-]*(?:{NAME})\s*:\s+(?:{VALUE})\s*$"), true),
        // - name: DB_PASSWORD, value: x on one line.
        shape(WORDS, &format!(r#"name"?\s*:\s*"?(?:{NAME})"?\s*,\s*"?value"?\s*:\s*(?:{VALUE})"#), true),
        // --password value, --from-literal=token=x, "--password", "value".
        shape(WORDS, &format!(r#"(?:^|[\s"',\[(])--?(?:{NAME})["']?(?:\s+|=|\s*,\s*)(?:{VALUE})"#), true),
        // requirepass value of redis.conf, `masterauth`.
        shape(&["requirepass", "masterauth"], &format!(r"(?:requirepass|masterauth)\s+(?:{VALUE})"), true),
        // mysql -pSECRET, redis-cli -a SECRET, sshpass -p SECRET, curl -u user:SECRET.
        shape(&["mysql", "mariadb"], r"\b(?:mysql\w*|mariadb[\w-]*)\b[^|;]*?\s-p([^\s-]\S*)", true),
        shape(&["redis-cli"], r"\bredis-cli\b[^|;]*?\s-a\s+(\S+)", true),
        shape(&["sshpass"], r"\bsshpass\s+-p\s*(\S+)", true),
        shape(
            &["curl", "wget"],
            r#"\b(?:curl|wget)\b[^|;]*?\s(?:-u|--user|--proxy-user)[\s=]+["']?[^\s:"']+:([^\s"']+)"#,
            true,
        ),
        // IDENTIFIED BY 'x', PASSWORD 'x'.
        shape(&["identified by", "password '"], r"(?:identified\s+by|password)\s+'([^']+)'", true),
        // scheme://user:secret@host, scheme://token@host.
        shape(&["://"], r#"[a-z][a-z0-9+.-]*://[^\s/:@"']*:([^\s/@"']+)@"#, false),
        shape(&["://"], r#"[a-z][a-z0-9+.-]*://([^\s/:@"']{20,})@"#, false),
        // Authorization: Bearer x, Proxy-Authorization: Basic x, Cookie: x.
        shape(
            &["authorization"],
            r#"authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token|digest|negotiate)\s+([^\s"',]+)"#,
            false,
        ),
        shape(&["bearer "], r"\bbearer\s+([a-z0-9._~+/=-]{16,})", false),
        shape(&["cookie:"], r"\b(?:set-)?cookie:\s*([^\r\n]+)", false),
        shape(&["\"auth\""], r#""auth"\s*:\s*"([a-z0-9+/=]{8,})""#, false),
        // Tokens by their form.
        shape(&["eyj"], r"\b(eyj[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}(?:\.[a-z0-9_-]*)?)", false),
        shape(&["akia", "asia"], r"\b((?:akia|asia)[a-z0-9]{16})\b", false),
        shape(
            &["gh", "glpat-", "github_pat_"],
            r"\b(gh[pousr]_[a-z0-9]{20,}|github_pat_[a-z0-9_]{20,}|glpat-[a-z0-9_-]{16,})",
            false,
        ),
        shape(
            &["xox", "sk_", "rk_", "sk-", "npm_", "pypi-", "hvs.", "dop_v1_", "aiza", "ya29."],
            r"\b(xox[abeoprs]-[a-z0-9-]{10,}|[sr]k_(?:live|test)_[a-z0-9]{16,}|sk-[a-z0-9_-]{20,}|npm_[a-z0-9]{30,}|pypi-[a-z0-9_-]{30,}|hvs\.[a-z0-9_-]{20,}|dop_v1_[a-f0-9]{32,}|aiza[a-z0-9_-]{30,}|ya29\.[a-z0-9_-]{20,})",
            false,
        ),
        shape(&["swmtkn-"], r"\b(swmtkn-1-[a-z0-9]{20,}-[a-z0-9]{10,})", false),
        shape(&["kubeadm join"], r"--token\s+([a-z0-9]{6}\.[a-z0-9]{16})\b", false),
        // Hashes of crypt(3) and bcrypt.
        shape(&["$"], r#"(\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2id?)\$[^\s:'"]{20,})"#, false),
        // Private keys on one line, their ends written as \n.
        shape(&["private key-----"], r"private key-----((?:\\n|[a-z0-9+/= ])+)-----end", false),
    ]
});

/// What a line means for the next one.
#[derive(Debug, Default)]
pub(super) struct Across {
    /// It belongs to a private key.
    in_key: bool,
    /// It is an option that takes a secret, as in a list of arguments with one on each line.
    behind_option: bool,
    /// It names a secret whose value is the next line's, as in the environment of a pod.
    behind_name: bool,
}

/// The places of the secrets of a line, in order and apart.
pub(super) fn secrets(line: &str, across: &mut Across) -> Vec<Range<usize>> {
    let Across { in_key, behind_option, behind_name } = across;
    let trimmed = line.trim();
    let item = trimmed.strip_prefix("- ").unwrap_or(trimmed).trim_matches(['"', '\'', ',', ' ']);
    let value = std::mem::replace(behind_option, is_option(item));
    if value && !item.is_empty() && is_secret(item) {
        let start = line.find(item).unwrap_or_default();
        return vec![Range { start, end: start + item.len() }];
    }
    let member = |name: &str| {
        let (key, value) = trimmed.strip_prefix("- ").unwrap_or(trimmed).split_once(':')?;
        let value = value.trim().trim_matches([',', '"', '\'']);
        (key.trim_matches(['"', '\'', ' ']) == name && !value.is_empty()).then_some(value)
    };
    let named = std::mem::replace(behind_name, member("name").is_some_and(names_a_secret));
    if let Some(value) = member("value").filter(|value| named && is_secret(value)) {
        let start = line.rfind(value).unwrap_or_default();
        return vec![Range { start, end: start + value.len() }];
    }
    if trimmed.contains("PRIVATE KEY-----") || trimmed.contains("PRIVATE KEY BLOCK-----") {
        let (begin, end) = (trimmed.rfind("-----BEGIN"), trimmed.rfind("-----END"));
        *in_key = begin > end;
    } else if *in_key && !trimmed.is_empty() {
        let start = line.len() - line.trim_start().len();
        return vec![Range { start, end: start + trimmed.len() }];
    }
    let lower = line.to_ascii_lowercase();
    let mut found: Vec<Range<usize>> = Vec::new();
    for shape in SHAPES.iter().filter(|shape| shape.needs.iter().any(|text| lower.contains(text))) {
        let Some(expression) = &shape.expression else { continue };
        for captures in expression.captures_iter(line) {
            let groups = captures.iter().skip(1).flatten();
            let secret = groups.filter(|group| !shape.weigh || is_secret(group.as_str()));
            found.extend(secret.map(|group| group.range()));
        }
    }
    // The body of a key whose begin stands outside of the excerpt, and certificates, which are no loss.
    let body = trimmed.trim_matches(['"', ',', '\'']);
    if body.len() >= 60 && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')) {
        let start = line.find(body).unwrap_or_default();
        found.push(start..start + body.len());
    }
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match apart.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

static NAME_ALONE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?i)^(?:{NAME})$")).ok());

/// A field or a variable of that name holds a secret.
pub(super) fn names_a_secret(name: &str) -> bool {
    NAME_ALONE.as_ref().is_some_and(|expression| expression.is_match(name))
}

static OPTION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?i)^--?(?:{NAME})$")).ok());

/// `--password`: what follows it is a secret.
pub(super) fn is_option(text: &str) -> bool {
    text.starts_with('-') && OPTION.as_ref().is_some_and(|expression| expression.is_match(text))
}

/// The value may be one: it is no placeholder, no switch, no reference to another place.
pub(super) fn is_secret(value: &str) -> bool {
    let bare = value.trim().trim_matches(['"', '\'']);
    let lower = bare.to_ascii_lowercase();
    const WORDS: &[&str] = &[
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "none",
        "null",
        "nil",
        "undefined",
        "unset",
        "empty",
        "required",
        "optional",
        "enabled",
        "disabled",
        "default",
        "secret",
        "hidden",
        "redacted",
        "masked",
        "removed",
        "invalid",
        "unknown",
        "string",
        "file",
        "env",
    ];
    let placeholder = bare.bytes().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'-' | b'?' | b'_'))
        || bare.starts_with(['$', '<', '{', '%', '['])
        || bare.starts_with('/')
        || lower.starts_with("file:")
        || lower.contains("***");
    // Switches and numbers of things; a longer number may well be a PIN that opens something.
    let number = bare.len() <= 3 && bare.bytes().all(|byte| byte.is_ascii_digit());
    !(bare.is_empty() || placeholder || number || WORDS.contains(&&*lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str) -> String {
        let mut out = line.to_owned();
        for range in secrets(line, &mut Across::default()).into_iter().rev() {
            out.replace_range(range, "#");
        }
        out
    }

    #[test]
    fn every_expression_can_be_read() {
        assert!(SHAPES.iter().all(|shape| shape.expression.is_some()));
        assert!(NAME_ALONE.is_some());
    }

    #[test]
    fn secrets_of_every_shape_are_found() {
        for (line, expected) in [
            (r#"    "POSTGRES_PASSWORD=hunter2!x","#, r##"    "POSTGRES_PASSWORD=#","##),
            (r#"            "REDIS_PASS=s3cr3t","#, r##"            "REDIS_PASS=#","##),
            ("export AWS_SECRET_ACCESS_KEY=abc/def+ghi", "export AWS_SECRET_ACCESS_KEY=#"),
            (r#"{"password": "p w", "user": "app"}"#, r##"{"password": "#", "user": "app"}"##),
            (r#"msg="{\"apiKey\":\"abc123\"}""#, r##"msg="{\"apiKey\":\"#\"}""##),
            ("  db_password: hunter2", "  db_password: #"),
            ("- name: DB_PASSWORD, value: hunter2", "- name: DB_PASSWORD, value: #"),
            ("redis-server --requirepass foo-bar --port 6379", "redis-server --requirepass # --port 6379"),
            ("requirepass foobared", "requirepass #"),
            ("mysql -uroot -phunter2 shop", "mysql -uroot -p# shop"),
            ("redis-cli -h cache -a hunter2 ping", "redis-cli -h cache -a # ping"),
            ("curl -u admin:hunter2 http://x/", "curl -u admin:# http://x/"),
            ("CREATE USER app IDENTIFIED BY 'hunter2'", "CREATE USER app IDENTIFIED BY '#'"),
            ("postgres://app:hunter2@10.0.0.5:5432/app", "postgres://app:#@10.0.0.5:5432/app"),
            ("http_proxy=http://u:p%40ss@proxy:3128/", "http_proxy=http://u:#@proxy:3128/"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer #"),
            (r#"-H "Authorization: Basic dXNlcjpwYXNz""#, r##"-H "Authorization: Basic #""##),
            (r#""auth": "dXNlcjpwYXNzd29yZA==""#, r##""auth": "#""##),
            ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def here", "got # here"),
            ("key AKIAIOSFODNN7EXAMPLE.", "key #."),
            (
                "docker swarm join --token SWMTKN-1-49nj1cmql0jkz5s954yi3oex3nedyz0fb0xx14ie39trti4wxv-8vxv8rssmk743ojnwacrr2e7c 10.0.0.1:2377",
                "docker swarm join --token # 10.0.0.1:2377",
            ),
            ("root:$6$saltsalt$Zm9vYmFyYmF6cXV4cXV1eA:19000:0", "root:#:19000:0"),
            ("host=db user=app password=hunter2 sslmode=disable", "host=db user=app password=# sslmode=disable"),
            ("Server=db;User Id=sa;Password=hunter2;Encrypt=no", "Server=db;User Id=sa;Password=#;Encrypt=no"),
        ] {
            assert_eq!(masked(line), expected);
        }
    }

    #[test]
    fn evidence_is_left_alone() {
        for line in [
            r#"FATAL:  password authentication failed for user "app""#,
            "POSTGRES_PASSWORD_FILE=/run/secrets/pg",
            "PASSWORD=${DB_PASSWORD}",
            r#""POSTGRES_PASSWORD=********","#,
            "proxy_pass http://10.0.0.1:8080;",
            "unexpected token: end of input",
            "-A INPUT -s 172.17.0.0/16 -p tcp -m tcp --dport 5432 -j DROP",
            "http://10.0.0.5:5432/a@b",
            "WARNING: no password: connections from anywhere are accepted",
            "token_type=bearer",
            "psql: error: connection to server at \"db\" (172.18.0.2), port 5432 failed: Connection refused",
            "tcp        0      0 0.0.0.0:5432            0.0.0.0:*               LISTEN      204/docker-proxy",
            "PasswordAuthentication no",
            r#""Passwords": false"#,
        ] {
            assert_eq!(masked(line), line);
        }
    }

    #[test]
    fn a_private_key_is_masked_line_by_line() {
        let mut across = Across::default();
        let key = ["-----BEGIN RSA PRIVATE KEY-----", "  MIIE", "  abcd", "-----END RSA PRIVATE KEY-----", "after"];
        let found: Vec<usize> = key.iter().map(|line| secrets(line, &mut across).len()).collect();
        assert_eq!(found, [0, 1, 1, 0, 0]);
        let line = r#""key": "-----BEGIN PRIVATE KEY-----\nMIIEabc\n-----END PRIVATE KEY-----\n""#;
        assert_eq!(masked(line), r##""key": "-----BEGIN PRIVATE KEY-----#-----END PRIVATE KEY-----\n""##);
    }

    #[test]
    fn a_value_on_the_line_behind_its_name_is_masked() {
        for (lines, expected) in [
            (["    - name: DB_PASSWORD", "      value: hunter2"], "      value: #"),
            ([r#"  "name": "DB_PASSWORD","#, r#"  "value": "hunter2""#], r##"  "value": "#""##),
            ([r#"        "--token","#, r#"        "hunter2","#], r##"        "#","##),
            (["- --db-password", "- hunter2"], "- #"),
            (["    - name: DB_HOST", "      value: pg"], "      value: pg"),
            (["    - name: DB_PASSWORD", "      valueFrom:"], "      valueFrom:"),
            ([r#"        "--port","#, r#"        "5432","#], r#"        "5432","#),
        ] {
            let mut across = Across::default();
            secrets(lines[0], &mut across);
            let mut out = lines[1].to_owned();
            for range in secrets(lines[1], &mut across).into_iter().rev() {
                out.replace_range(range, "#");
            }
            assert_eq!(out, expected);
        }
        assert_eq!(masked(r#""Cmd":["run","--token","hunter2","-v"]"#), r##""Cmd":["run","--token","#","-v"]"##);
        assert_eq!(masked("command: run, --token, hunter2"), "command: run, --token, #");
    }
}
