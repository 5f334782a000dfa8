//! Headless renderer: a request in, radiance and truth layers out.
