use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::Scope;

use anyhow::anyhow;

use super::check::Check;
use crate::cargo;
use crate::node::Node;
use crate::npm;
use crate::repository::Repository;
use crate::system::{self, Package};

/// What the checks use; brought beside the first of them, for that waits for the network and they do not.
#[derive(Debug)]
pub(super) struct Tools<'a> {
    repository: &'a Repository,
    node: Arc<Later<Node>>,
    packages: Arc<Later<()>>,
}

impl<'a> Tools<'a> {
    /// Starts to bring what these checks need.
    pub(super) fn bring<'scope>(
        repository: &'scope Repository,
        scope: &'scope Scope<'scope, '_>,
        checks: &[Check],
    ) -> Self
    where
        'scope: 'a,
    {
        let tools = Self { repository, node: Arc::default(), packages: Arc::default() };
        if checks.iter().any(|check| check.needs.is_node()) {
            let node = Arc::clone(&tools.node);
            scope.spawn(move || node.set(npm::install(repository)));
        } else {
            tools.node.set(Err(anyhow!("this check does not name Node among its needs")));
        }
        let wanted: Vec<Package> = Package::ALL
            .into_iter()
            .filter(|package| checks.iter().any(|check| check.needs.packages().contains(package)))
            .collect();
        let packages = Arc::clone(&tools.packages);
        scope.spawn(move || packages.set(system::bring(&wanted)));
        tools
    }

    /// Node, with all npm packages installed.
    pub(super) fn node(&self) -> anyhow::Result<Node> {
        self.node.get()
    }

    /// Node, after the npm packages of this clone were built.
    pub(super) fn built_packages(&self) -> anyhow::Result<Node> {
        self.node()?;
        npm::build(self.repository, || cargo::build_all(self.repository))
    }

    /// A program of the system's packages.
    pub(super) fn system(&self, package: Package) -> anyhow::Result<PathBuf> {
        self.packages.get()?;
        package.find()
    }
}

/// A value that another thread is still bringing.
#[derive(Debug)]
struct Later<T> {
    value: Mutex<Option<Result<T, String>>>,
    is_there: Condvar,
}

impl<T> Default for Later<T> {
    fn default() -> Self {
        Self { value: Mutex::new(None), is_there: Condvar::new() }
    }
}

impl<T: Clone> Later<T> {
    fn set(&self, value: anyhow::Result<T>) {
        let value = value.map_err(|trouble| format!("{trouble:#}"));
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        self.is_there.notify_all();
    }

    fn get(&self) -> anyhow::Result<T> {
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let value = self.is_there.wait_while(value, |value| value.is_none());
        let value = value.unwrap_or_else(PoisonError::into_inner).clone();
        value.ok_or_else(|| anyhow!("nobody brings it"))?.map_err(|trouble| anyhow!(trouble))
    }
}
