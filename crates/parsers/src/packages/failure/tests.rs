use super::*;

/// Reason, package, other package, repository and host of each line that states a failure.
fn read(text: &str) -> Vec<String> {
    let parsed = parse(&Document::new("apt-get install", text.as_bytes()));
    parsed
        .facts
        .iter()
        .map(|fact| {
            let of = |field: &str| fact.get(field).to_string();
            let lines = fact.source.last_line - fact.source.first_line + 1;
            format!(
                "{lines} {} {} {} {} {}",
                of("reason"),
                of("package"),
                of("other_package"),
                of("repository"),
                of("host")
            )
        })
        .collect()
}

/// A report to the makers of Docker's packages (moby issue 38234) and what apt 2.6 printed for mirrors that were made to fail.
#[test]
fn what_apt_and_dpkg_say() {
    let text = "Reading package lists... Done\n\
        Building dependency tree       \n\
        The following packages have unmet dependencies.\n \
        docker-ce : Depends: containerd.io but it is not going to be installed\n\
        E: Unmet dependencies. Try 'apt-get -f install' with no packages (or specify a solution).\n\
        dpkg: error processing archive /var/cache/apt/archives/containerd.io_1.2.0-1_amd64.deb (--unpack):\n \
        trying to overwrite '/usr/sbin/runc', which is also in package runc 1.0.0~rc2+docker1.13.1-0ubuntu1~16.04.1\n\
        E: Sub-process /usr/bin/dpkg returned an error code (1)\n\
        E: Unable to locate package docker-ce\n\
        E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (apt-get)\n";
    assert_eq!(
        read(text),
        [
            "1 dependency_missing docker-ce containerd.io  ",
            "1 dependency_missing    ",
            "2 file_conflict containerd.io runc  ",
            "1 other    ",
            "1 package_missing docker-ce   ",
            "1 locked    ",
        ]
    );
}

/// Reports to the distribution's tracker (Red Hat bugs 1756473 and 1806044) and to forums.
#[test]
fn what_yum_and_dnf_say() {
    let text = "Last metadata expiration check: 0:01:01 ago on Fri Sep 27 13:17:19 2019.\n\
        Error: \n \
        Problem: package docker-ce-3:19.03.2-3.el7.x86_64 requires containerd.io >= 1.2.2-3, but none of the providers can be installed\n  \
        - cannot install the best candidate for the job\n  \
        - package containerd.io-1.4.3-3.1.el7.x86_64 is filtered out by modular filtering\n\
        Transaction Check Error:\n  \
        file /usr/share/man/man1/ca.1ssl.gz from install of openssl-0.9.8e-32.el5_11.x86_64 conflicts with file from package openssl-0.9.8e-26.el5_9.1.i686\n";
    assert_eq!(
        read(text),
        [
            "1 dependency_missing docker-ce-3:19.03.2-3.el7.x86_64 containerd.io >= 1.2.2-3  ",
            "1 conflict containerd.io-1.4.3-3.1.el7.x86_64   ",
            "1 file_conflict openssl-0.9.8e-32.el5_11.x86_64 openssl-0.9.8e-26.el5_9.1.i686  ",
        ]
    );
}

#[test]
fn progress_is_no_failure() {
    let text =
        "Reading package lists... Done\nHit:1 http://deb.debian.org/debian bookworm InRelease\nFetched 12 kB in 0s\n";
    assert_eq!(read(text), [""; 0]);
}
