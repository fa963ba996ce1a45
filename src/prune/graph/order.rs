//! The order of a graph: strongly connected components, and how far each is from its ends.
//!
//! Manifests name others by digest, so real ones have no cycles; annotations and what a registry says of subjects
//! could make some. Everything here is linear and without recursion.

/// For each node the number of its component. A component has a greater number than all that it leads to; nodes of
/// a cycle share one.
pub(crate) fn components(count: usize, next: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    // Tarjan's algorithm with a stack of its own.
    let mut component = vec![NEW; count];
    let mut found = vec![NEW; count];
    let mut low = vec![0; count];
    let mut open: Vec<usize> = Vec::new();
    let (mut clock, mut done) = (0, 0);
    for start in 0..count {
        if found[start] != NEW {
            continue;
        }
        let mut path = vec![(start, next(start), 0)];
        found[start] = clock;
        low[start] = clock;
        clock += 1;
        open.push(start);
        while let Some((node, targets, at)) = path.last_mut() {
            let node = *node;
            if let Some(&target) = targets.get(*at) {
                *at += 1;
                if found[target] == NEW {
                    found[target] = clock;
                    low[target] = clock;
                    clock += 1;
                    open.push(target);
                    path.push((target, next(target), 0));
                } else if component[target] == NEW {
                    low[node] = low[node].min(found[target]);
                }
                continue;
            }
            path.pop();
            if let Some((before, _, _)) = path.last() {
                low[*before] = low[*before].min(low[node]);
            }
            if low[node] == found[node] {
                while let Some(member) = open.pop() {
                    component[member] = done;
                    if member == node {
                        break;
                    }
                }
                done += 1;
            }
        }
    }
    component
}

/// The nodes in waves: one in an earlier wave than all that it leads to; those of a cycle in the same. Nodes for
/// which `included` is false are left out, and nothing leads through them.
pub(crate) fn waves(
    count: usize,
    next: impl Fn(usize) -> Vec<usize>,
    included: impl Fn(usize) -> bool,
) -> Vec<Vec<usize>> {
    let next = |node: usize| -> Vec<usize> {
        if included(node) {
            next(node).into_iter().filter(|&to| included(to)).collect()
        } else {
            Vec::new()
        }
    };
    let component = components(count, next);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (node, &number) in component.iter().enumerate() {
        members[number].push(node);
    }
    let mut level = vec![0; count];
    let mut waves: Vec<Vec<usize>> = Vec::new();
    // Greater numbers lead to smaller ones.
    for (number, nodes) in members.iter().enumerate().rev() {
        for &node in nodes {
            if !included(node) {
                continue;
            }
            for target in next(node) {
                let to = component[target];
                if to != number {
                    level[to] = level[to].max(level[number] + 1);
                }
            }
            if waves.len() <= level[number] {
                waves.resize(level[number] + 1, Vec::new());
            }
            waves[level[number]].push(node);
        }
    }
    for wave in &mut waves {
        wave.sort_unstable();
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(edges: &[(usize, usize)], count: usize) -> Vec<Vec<usize>> {
        let next = |node: usize| {
            let out = edges.iter().filter(|(from, _)| *from == node);
            out.map(|(_, to)| *to).collect()
        };
        waves(count, next, |node| node != 9)
    }

    #[test]
    fn whatever_leads_elsewhere_is_earlier() {
        assert_eq!(
            of(&[(0, 1), (1, 2), (0, 2)], 4),
            [vec![0, 3], vec![1], vec![2]]
        );
        assert_eq!(of(&[(2, 1), (1, 0)], 3), [vec![2], vec![1], vec![0]]);
        assert_eq!(of(&[], 0), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn a_cycle_is_one_wave_between_what_leads_to_it_and_what_it_leads_to() {
        assert_eq!(
            of(&[(0, 1), (1, 2), (2, 1), (2, 3), (3, 3)], 4),
            [vec![0], vec![1, 2], vec![3]]
        );
    }

    #[test]
    fn what_is_left_out_breaks_the_chain() {
        assert_eq!(of(&[(0, 9), (9, 1)], 10)[0], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let count = 200_000;
        let next = |node: usize| (node + 1..count).take(1).collect();
        assert_eq!(waves(count, next, |_| true).len(), count);
    }
}
