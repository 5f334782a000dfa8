//! `lane-stack serve` as its clients see it: the program is started, and spoken with over a free loopback port. Needs
//! `ORT_DYLIB_PATH`; without it the tests say so and count what they left out. `pictures/` are frames and portraits that
//! this project's simulator rendered, of people who do not exist.
mod agreement;
mod gallery;
mod harness;
mod lifecycle;
mod limits;
mod refusals;
mod rig;
