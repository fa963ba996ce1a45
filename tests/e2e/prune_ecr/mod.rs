//! Prune's ECR on the fake of ECR: what is listed and read, planned and removed, when everything goes well and when
//! nothing does. Uses are given by the test; collecting them is another test's matter.

mod answers;
mod archive;
mod faults;
mod plans;
mod removal;
mod slow;
mod surprises;
mod world;
