use std::collections::HashSet;

use anyhow::bail;
use walrus::ir::{self, Instr, Visitor, dfs_in_order};
use walrus::{ElementItems, ExportItem, FunctionId, InstrLocId, LocalFunction, Module};

/// Makes the module trap at once where it would panic.
///
/// The words of a panic are for whoever reads a console; a page has none, and what makes them is a tenth of the
/// module. A panic ends in `unreachable` with them as without. So a function that never returns becomes one
/// `unreachable`, and so does what leads to the call of one, up to where it begins to matter. What then is called
/// through tables only, and only by what formats text, is called no more: optimisers cannot know, tables being one.
pub(crate) fn trap_at_once(module: &mut Module) -> anyhow::Result<()> {
    let endless: HashSet<FunctionId> =
        module.funcs.iter_local().filter(|(_, function)| never_returns(function)).map(|(id, _)| id).collect();
    for (id, function) in module.funcs.iter_local_mut() {
        if endless.contains(&id) {
            trap(function);
        } else {
            shorten(function, &endless);
        }
    }
    let called = called(module);
    for function in module.funcs.iter_mut() {
        let (id, name) = (function.id(), function.name.clone().unwrap_or_default());
        match &mut function.kind {
            walrus::FunctionKind::Local(_) if !makes_words(&name) => {}
            walrus::FunctionKind::Local(_) if called.contains(&id) => {
                bail!("the module formats text, which costs each page 2 KB: {name} is called")
            }
            walrus::FunctionKind::Local(function) => trap(function),
            walrus::FunctionKind::Import(_) | walrus::FunctionKind::Uninitialized(_) => {}
        }
    }
    walrus::passes::gc::run(module);
    Ok(())
}

fn trap(function: &mut LocalFunction) {
    let entry = function.entry_block();
    function.block_mut(entry).instrs = vec![(ir::Unreachable {}.into(), InstrLocId::default())];
}

/// Whether a function belongs to formatting, or to the panics that formatting is left over from.
fn makes_words(name: &str) -> bool {
    ["::fmt::", "::panicking::", "::panic::"].iter().any(|part| name.contains(part))
}

/// What is called from outside or through tables, and what that calls; of what makes words, only what others call.
fn called(module: &Module) -> HashSet<FunctionId> {
    let exported = module
        .exports
        .iter()
        .filter_map(|export| if let ExportItem::Function(id) = export.item { Some(id) } else { None });
    let listed = module.elements.iter().flat_map(|element| match &element.items {
        ElementItems::Functions(functions) => functions.clone(),
        ElementItems::Expressions(..) => Vec::new(),
    });
    let silent = |id: &FunctionId| !makes_words(module.funcs.get(*id).name.as_deref().unwrap_or_default());
    let mut waiting: Vec<FunctionId> = exported.chain(module.start).chain(listed.filter(silent)).collect();
    let mut called = HashSet::new();
    while let Some(id) = waiting.pop() {
        if called.insert(id)
            && let walrus::FunctionKind::Local(function) = &module.funcs.get(id).kind
        {
            dfs_in_order(&mut Calls(&mut waiting), function, function.entry_block());
        }
    }
    called
}

/// Collects the functions that a function names.
struct Calls<'a>(&'a mut Vec<FunctionId>);

impl Visitor<'_> for Calls<'_> {
    fn visit_function_id(&mut self, id: &FunctionId) {
        self.0.push(*id);
    }
}

/// Whether a function has no way out: the compiler puts `unreachable` where it knows that nothing goes on.
fn never_returns(function: &LocalFunction) -> bool {
    let entry = function.entry_block();
    let ends = matches!(function.block(entry).instrs.last(), Some((Instr::Unreachable(_), _)));
    let mut exits = Exits { entry, found: false };
    dfs_in_order(&mut exits, function, entry);
    ends && !exits.found
}

/// Looks for returns and for branches to a function's end.
struct Exits {
    entry: ir::InstrSeqId,
    found: bool,
}

impl Visitor<'_> for Exits {
    fn visit_instr(&mut self, instr: &Instr, _: &InstrLocId) {
        self.found |= matches!(
            instr,
            Instr::Return(_) | Instr::ReturnCall(_) | Instr::ReturnCallIndirect(_) | Instr::ReturnCallRef(_)
        );
    }

    fn visit_br(&mut self, branch: &ir::Br) {
        self.found |= branch.block == self.entry;
    }

    fn visit_br_if(&mut self, branch: &ir::BrIf) {
        self.found |= branch.block == self.entry;
    }

    fn visit_br_table(&mut self, branch: &ir::BrTable) {
        self.found |= branch.default == self.entry || branch.blocks.contains(&self.entry);
    }
}

/// Cuts each sequence off where it does not go on, without what only prepares for that.
fn shorten(function: &mut LocalFunction, endless: &HashSet<FunctionId>) {
    let mut sequences = Sequences(Vec::new());
    dfs_in_order(&mut sequences, function, function.entry_block());
    for sequence in sequences.0 {
        let instrs = &mut function.block_mut(sequence).instrs;
        let end = instrs.iter().position(|(instr, _)| {
            matches!(instr, Instr::Unreachable(_))
                || matches!(instr, Instr::Call(ir::Call { func }) if endless.contains(func))
        });
        let Some(end) = end else { continue };
        let prepares = instrs[..end].iter().rev().take_while(|(instr, _)| only_prepares(instr)).count();
        // Whatever values are left before it, `unreachable` fits.
        instrs.truncate(end - prepares);
        instrs.push((ir::Unreachable {}.into(), InstrLocId::default()));
    }
}

/// Whether an instruction changes nothing but values and memory, which nobody sees after a trap.
fn only_prepares(instr: &Instr) -> bool {
    matches!(
        instr,
        Instr::Const(_)
            | Instr::LocalGet(_)
            | Instr::LocalSet(_)
            | Instr::LocalTee(_)
            | Instr::GlobalGet(_)
            | Instr::GlobalSet(_)
            | Instr::Binop(_)
            | Instr::Unop(_)
            | Instr::Select(_)
            | Instr::Drop(_)
            | Instr::Load(_)
            | Instr::Store(_)
    )
}

/// Collects all sequences of a function.
struct Sequences(Vec<ir::InstrSeqId>);

impl<'a> Visitor<'a> for Sequences {
    fn start_instr_seq(&mut self, sequence: &'a ir::InstrSeq) {
        self.0.push(sequence.id());
    }
}

#[cfg(test)]
mod tests {
    use walrus::{FunctionBuilder, ModuleConfig, ValType};

    use super::*;

    /// A module of an exported function, which calls the function of this name where its argument is not zero.
    fn module(callee: &str, never_returns: bool) -> Module {
        let mut module = Module::with_config(ModuleConfig::new());
        let mut called = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[]);
        called.name(callee.into());
        if never_returns {
            called.func_body().block(None, |block| {
                block.i32_const(7).drop();
            });
            called.func_body().unreachable();
        }
        let number = module.locals.add(ValType::I32);
        let called = called.finish(vec![number], &mut module.funcs);

        let argument = module.locals.add(ValType::I32);
        let mut exported = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[ValType::I32]);
        exported.func_body().local_get(argument).if_else(
            None,
            |then| {
                then.i32_const(1).local_set(argument).local_get(argument).call(called);
                if never_returns {
                    then.unreachable();
                }
            },
            |_| {},
        );
        exported.func_body().local_get(argument);
        let exported = exported.finish(vec![argument], &mut module.funcs);
        module.exports.add("exported", exported);
        module
    }

    /// How many instructions the exported function has where its argument is not zero.
    fn left(module: &Module) -> usize {
        let exported = module.exports.get_func("exported").expect("it is exported");
        let function = module.funcs.get(exported).kind.unwrap_local();
        let Some((Instr::IfElse(choice), _)) = function.block(function.entry_block()).instrs.get(1) else {
            panic!("the function chooses")
        };
        function.block(choice.consequent).instrs.len()
    }

    #[test]
    fn what_leads_to_a_panic_becomes_a_trap() {
        let mut module = module("core::panicking::panic", true);
        trap_at_once(&mut module).expect("nothing formats");
        assert_eq!(left(&module), 1);
        assert_eq!(module.funcs.iter().count(), 1, "the panic itself is gone");
    }

    #[test]
    fn what_goes_on_stays_as_it_is() {
        let mut module = module("session::handle", false);
        trap_at_once(&mut module).expect("nothing formats");
        assert_eq!(left(&module), 4);
        assert_eq!(module.funcs.iter().count(), 2);
    }

    #[test]
    fn a_module_that_formats_text_is_refused() {
        let why = trap_at_once(&mut module("core::fmt::write", false)).expect_err("it formats");
        assert!(why.to_string().contains("core::fmt::write is called"), "{why}");
    }
}
