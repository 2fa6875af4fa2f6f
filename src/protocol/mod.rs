//! The HaloPSA wire: what requests look like, what answers mean, when to try
//! again. Pure functions and state machines without I/O; the transport of the SDK does that.

pub mod answer;
pub mod date;
pub mod disposition;
pub mod envelope;
pub mod identity;
pub mod paging;
pub mod request;
