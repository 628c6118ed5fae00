//! One test for each thing that a packet's way through Linux depends on. What the kernel does was checked on 6.18.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod conntrack;
mod evidence;
mod fixes;
mod hooks;
mod routing;
mod world;
