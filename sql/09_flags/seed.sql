-- What flags are for. The ages are those after which Unleash calls a flag potentially stale.
insert into flags.kinds (id, description, expected_days)
values
('release', 'Hides what is not finished, and releases it step by step.', 40),
('experiment', 'Compares variants.', 40),
('operational', 'Changes how the system behaves for a while.', 7),
('kill_switch', 'Switches off what makes trouble.', null),
('permission', 'Lets some users or businesses do what others may not.', null)
on conflict (id) do update
    set
        description = excluded.description,
        expected_days = excluded.expected_days
    where
    (kinds.description, kinds.expected_days)
    is distinct from (excluded.description, excluded.expected_days);
