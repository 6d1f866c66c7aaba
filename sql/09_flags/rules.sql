-- What must never be: a flag that cannot be evaluated, a circle of prerequisites, a rule whose
-- segment is gone, a target with a variant that does not exist.

/*
 * Refuse documents that cannot be evaluated.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.flags__refuse_bad_documents()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform flags.require_value(new.off_value, new.value_type, 'off_value');
    if new.value_type <> 'boolean' then
        perform flags.require_variants(new.variants, new.value_type);
    elsif new.off_value <> 'false' then
        perform private.invalid('off_value', 'must be false for a boolean flag');
    end if;
    perform flags.require_rules(new.rules, new.value_type);
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on flags.flags
for each row execute function private.any__refuse_bad_input();

create trigger _100_refuse_bad_documents
before insert or update of value_type, off_value, variants, rules on flags.flags
for each row execute function flags.flags__refuse_bad_documents();

create trigger _900_touch
before update on flags.flags
for each row execute function private.any__touch();

/*
 * Refuse constraints that cannot be evaluated.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.segments__refuse_bad_constraints()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform flags.require_constraints(new.constraints);
    return new;
end;
$$;

/*
 * Refuse to delete or rename a segment that a rule names.
 * Definer: the question is about every flag.
 *
 * Errors:  PT409 in_use
 */
create function flags.segments__refuse_missing()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from flags.flags
        where jsonb_path_exists(
            flags.rules, '$[*].segments[*] ? (@ == $name)', jsonb_build_object('name', old.name)
        )
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'A flag still uses this segment.',
            'Remove it from the rules of the flag first.'
        );
    end if;
    return coalesce(new, old);
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on flags.segments
for each row execute function private.any__refuse_bad_input();

create trigger _100_refuse_bad_constraints
before insert or update of constraints on flags.segments
for each row execute function flags.segments__refuse_bad_constraints();

create trigger _110_refuse_missing
before delete on flags.segments
for each row execute function flags.segments__refuse_missing();

create trigger _120_refuse_missing
before update of name on flags.segments
for each row
when (old.name <> new.name)
execute function flags.segments__refuse_missing();

create trigger _900_touch
before update on flags.segments
for each row execute function private.any__touch();

/*
 * Refuse a target with a variant that its flag does not have.
 * Definer: the question is about the flag itself.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.targets__refuse_unknown_variant()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from flags.flags
        where
            flags.key = new.flag_key
            and jsonb_path_exists(
                flags.variants, '$[*] ? (@.name == $name)',
                jsonb_build_object('name', new.variant)
            )
    ) then
        perform private.invalid('variant', 'must be one of the flag''s variants');
    end if;
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on flags.targets
for each row execute function private.any__refuse_bad_input();

create trigger _100_refuse_unknown_variant
before insert or update on flags.targets
for each row
when (new.variant is not null)
execute function flags.targets__refuse_unknown_variant();

/*
 * Refuse chains of prerequisites: a flag that others wait for waits for none itself. So there is no
 * circle, and an evaluation looks at most one step ahead. Both flags are locked, so that two
 * writers take turns.
 * Definer: clients have no right to lock flags.
 *
 * Errors:  PT409 prerequisite_has_prerequisites
 */
create function flags.prerequisites__refuse_chains()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from flags.flags
    where flags.key in (new.flag_key, new.required_key)
    order by flags.key
    for no key update;
    if exists (
        select 1
        from flags.prerequisites
        where
            prerequisites.flag_key = new.required_key
            or prerequisites.required_key = new.flag_key
    ) then
        perform private.refuse(
            'PT409', 'prerequisite_has_prerequisites',
            'A flag that others wait for cannot wait for flags itself.',
            'Name all the flags that it should wait for as its own prerequisites.'
        );
    end if;
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on flags.prerequisites
for each row execute function private.any__refuse_bad_input();

create trigger _100_refuse_chains
before insert or update on flags.prerequisites
for each row execute function flags.prerequisites__refuse_chains();

-- A flag's row says whether it has targets and prerequisites. Nobody else writes these marks: what
-- a statement says of them is replaced by what is true.

/*
 * Mark whether a flag has targets and prerequisites.
 * Definer: the question is about all of them.
 */
create function flags.flags__mark()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    -- A key that changes with the same statement changes in the other tables after it.
    v_key text = case tg_op when 'INSERT' then new.key else old.key end;
begin
    new.has_targets = exists (select 1 from flags.targets where flag_key = v_key);
    new.has_prerequisites = exists (select 1 from flags.prerequisites where flag_key = v_key);
    return new;
end;
$$;

create trigger _200_mark
before insert or update of has_targets, has_prerequisites on flags.flags
for each row execute function flags.flags__mark();

/*
 * Mark the flags whose targets or prerequisites changed. They are locked first, so that two writers
 * take turns and the second one sees what the first one left.
 * Definer: clients have no right to write the marks.
 */
create function flags.any__mark_flags()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_keys text[] = case tg_op
        when 'INSERT' then array[new.flag_key]
        when 'UPDATE' then array[old.flag_key, new.flag_key]
        when 'DELETE' then array[old.flag_key]
        else array(select key from flags.flags where has_targets or has_prerequisites)
    end;
begin
    perform 1
    from flags.flags
    where flags.key = any(v_keys)
    order by flags.key
    for no key update;
    update flags.flags
    set has_targets = default, has_prerequisites = default
    where
        flags.key = any(v_keys)
        and (
            flags.has_targets
            <> exists (select 1 from flags.targets where targets.flag_key = flags.key)
            or flags.has_prerequisites
            <> exists (select 1 from flags.prerequisites where prerequisites.flag_key = flags.key)
        );
    return null;
end;
$$;

create trigger _300_mark_flags
after insert or delete or update of flag_key on flags.targets
for each row execute function flags.any__mark_flags();

create trigger _310_mark_flags
after truncate on flags.targets
for each statement execute function flags.any__mark_flags();

create trigger _300_mark_flags
after insert or delete or update of flag_key on flags.prerequisites
for each row execute function flags.any__mark_flags();

create trigger _310_mark_flags
after truncate on flags.prerequisites
for each statement execute function flags.any__mark_flags();
