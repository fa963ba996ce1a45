//! Prune on images that Launchway really pushed: a registry with an ECR in front of it, moto beside it, and after every
//! removal the proof that what is left can be pulled, whole.

mod accounts;
mod asked;
mod daemons;
mod faults;
mod init;
mod interrupted;
mod killed;
mod later;
mod lifecycle;
mod plain;
mod released;
mod roles;
mod run;
mod saved;
mod stage;
mod whole;
mod world;
