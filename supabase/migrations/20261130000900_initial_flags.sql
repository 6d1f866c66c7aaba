-- The initial schema of 09_flags: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/09_flags/tables.sql

-- Feature flags: what is switched on, for whom and for how long. A flag is on or off for a subject
-- (a user, a business or any other name). One row says everything that an evaluation needs beside
-- its targets and prerequisites, and whether there are any, so it is one read by key.
--
-- Rules, constraints and variants are written in the words of Unleash, and the percentage is
-- counted as Unleash counts it. Who may read and write flags stands in 21_oversight.

create schema flags;
comment on schema flags is 'Feature flags: what is switched on, for whom and for how long.';

create type flags.value_type as enum ('boolean', 'string', 'number', 'json');

-- What somebody gets from a flag.
create type flags.evaluation as (
    key text,
    is_on boolean,
    variant text,
    value jsonb,
    reason text
);

create table flags.kinds (
    id text primary key,
    description text not null,
    -- How long a flag of this kind is needed. Null: for as long as it is useful.
    expected_days integer,

    constraint kinds_expect_some_days check (expected_days > 0)
);
comment on table flags.kinds is 'What flags are for, and after how many days each kind is stale.';

create table flags.flags (
    key text primary key,
    description text not null default '',
    kind text not null default 'release' references flags.kinds (id) on delete restrict,
    value_type flags.value_type not null default 'boolean',
    is_enabled boolean not null default false,
    -- Whether browsers and apps may ask for it by OFREP.
    is_public boolean not null default false,
    -- What everybody gets for whom the flag is off.
    off_value jsonb not null default 'false',
    variants jsonb not null default '[]',
    -- The flag is on for a subject if one rule matches, and for everybody if there are none.
    rules jsonb not null default '[]',
    starts_at timestamptz,
    ends_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Whether targets and prerequisites are to be looked for. Triggers keep both.
    has_targets boolean not null default false,
    has_prerequisites boolean not null default false,

    constraint flags_key_is_a_name check (
        length(key) between 1 and 200 and private.is_one_line(key) and key !~ '[/?#%\s]'
        or private.invalid('key', 'must have 1 to 200 characters, none of them / ? # % or a space')
    ),
    constraint flags_description_is_short check (
        length(description) <= 2000
        or private.invalid('description', 'must have at most 2000 characters')
    ),
    constraint flags_end_after_they_start check (
        (ends_at > starts_at) is not false
        or private.invalid('ends_at', 'must be later than starts_at')
    ),
    constraint flags_variants_suit_the_type check (
        value_type <> 'boolean'
        or variants = '[]'
        or private.invalid('variants', 'must be empty for a boolean flag')
    )
);
comment on table flags.flags is 'Feature flags.';
create index flags_kind_idx on flags.flags (kind);

create table flags.segments (
    name text primary key,
    constraints jsonb not null default '[]',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint segments_name_is_short check (
        length(name) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must be one line of 1 to 200 characters')
    )
);
comment on table flags.segments is
'Constraints with a name, which the rules of several flags share.';

create table flags.targets (
    flag_key text not null references flags.flags (key) on update cascade on delete cascade,
    -- The id of a user or a business, or any other targeting key.
    subject text not null,
    is_denied boolean not null default false,
    -- The variant that the subject gets. Null: the one that its hash selects.
    variant text,
    created_at timestamptz not null default now(),

    primary key (flag_key, subject),
    constraint targets_subject_is_short check (
        length(subject) between 1 and 200 and private.is_one_line(subject)
        or private.invalid('subject', 'must be one line of 1 to 200 characters')
    ),
    constraint targets_denied_have_no_variant check (
        not (is_denied and variant is not null)
        or private.invalid('variant', 'must be empty for a subject that is denied')
    )
);
comment on table flags.targets is 'Who always gets a flag, and who never does.';

create table flags.prerequisites (
    flag_key text not null references flags.flags (key) on update cascade on delete cascade,
    -- Restrict: a flag that others wait for is not deleted by accident.
    required_key text not null references flags.flags (key) on update cascade on delete restrict,
    must_be_on boolean not null default true,
    -- Of these variants the required flag has to have one. Empty: of any.
    variants text[] not null default '{}',

    primary key (flag_key, required_key),
    constraint prerequisites_are_other_flags check (
        flag_key <> required_key or private.invalid('required_key', 'must be another flag')
    )
);
comment on table flags.prerequisites is
'Flags that have to be on, or off, for a subject before another one can be on for it.';
create index prerequisites_required_key_idx on flags.prerequisites (required_key);

-- sql/09_flags/functions/constraints.sql

-- Constraints on the context of an evaluation, with the operators of Unleash. A constraint that
-- cannot be read holds for nobody; a text that is no number, version, instant or address holds no
-- comparison.

/*
 * Return a value of the context as text, or null. The time is that of the database unless the
 * context names another.
 */
create function flags.context_value(context jsonb, name text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        context ->> name,
        case when name = 'currentTime' then to_json(private.now()) #>> '{}' end
    );
end;
$$;

/*
 * Return a semantic version in a form that compares as versions do, or null when it is none.
 * Numbers come before words, and what precedes a release comes before the release.
 * Source:  https://semver.org, section 11
 */
create function flags.sortable_version(version text)
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_parts text[] = regexp_match(
        version,
        '^(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})'
        '(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$'
    );
begin
    if v_parts is null then
        return null;
    end if;
    return array(select lpad(number, 16, '0') from unnest(v_parts[1:3]) as parts (number))
        || case
            when v_parts[4] is null then '{2}'::text[]
            else array(
                select case
                    when word ~ '^\d+$' then '0' || lpad(word, 40, '0')
                    else '1' || word
                end
                from unnest(string_to_array(v_parts[4], '.')) as words (word)
            )
        end;
end;
$$;

/*
 * Compare two values by the last part of an operator: EQ, GT, GTE, LT, LTE, or AFTER and BEFORE.
 */
create function flags.compares(operator text, a anycompatible, b anycompatible)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(case operator
        when 'EQ' then a = b
        when 'GT' then a > b
        when 'AFTER' then a > b
        when 'GTE' then a >= b
        when 'LT' then a < b
        when 'BEFORE' then a < b
        when 'LTE' then a <= b
    end, false);
end;
$$;

/*
 * Does a text contain one of the values, or begin or end with it?
 */
create function flags.has_text(operator text, value text, wanted text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from unnest(wanted) as words (word)
        where case operator
            when 'STR_CONTAINS' then strpos(value, word) > 0
            when 'STR_STARTS_WITH' then starts_with(value, word)
            when 'STR_ENDS_WITH' then starts_with(reverse(value), reverse(word))
        end
    );
end;
$$;

/*
 * Is a network address inside one of the ranges? What is no range is passed over.
 */
create function flags.is_in_ranges(address inet, ranges text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from unnest(ranges) as words (word)
        where address <<= private.to_address(word)
    );
end;
$$;

/*
 * Return a text as a number, or null when it is none.
 */
create function flags.to_number(value text)
returns numeric
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case when value ~ '^[-+]?(\d{1,100}(\.\d{0,100})?|\.\d{1,100})$' then value::numeric end;
end;
$$;

/*
 * Return a text as an instant, or null when it is none. Without an offset it is in UTC.
 */
create function flags.to_instant(value text)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[-+]\d\d:?\d\d)?)?$' then
        return null;
    end if;
    return case
        when value ~ '(Z|[T ].*[-+]\d\d:?\d\d)$' then value::timestamptz
        else value::timestamp at time zone 'UTC'
    end;
exception
    when datetime_field_overflow or invalid_datetime_format then
        return null;
end;
$$;

/*
 * Does what a constraint says hold for a value of the context, before it is inverted?
 */
create function flags.operator_holds(rule jsonb, value text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_operator text = rule ->> 'operator';
    v_family text = split_part(v_operator, '_', 1);
    v_is_folded boolean = v_family = 'STR'
        and coalesce((rule ->> 'caseInsensitive')::boolean, false);
    v_values text[] = array(
        select case when v_is_folded then lower(word) else word end
        from jsonb_array_elements_text(coalesce(rule -> 'values', '[]')) as words (word)
    );
    v_wanted text = rule ->> 'value';
begin
    return coalesce(case
        when v_operator = 'IN' then value = any(v_values)
        when v_operator = 'NOT_IN' then value is null or value <> all(v_values)
        when v_operator = 'IN_CIDR' then
            flags.is_in_ranges(private.to_address(value), v_values)
        when v_family = 'STR' then
            flags.has_text(
                v_operator, case when v_is_folded then lower(value) else value end, v_values
            )
        when v_family = 'NUM' then
            flags.compares(
                split_part(v_operator, '_', 2), flags.to_number(value), flags.to_number(v_wanted)
            )
        when v_family = 'DATE' then
            flags.compares(
                split_part(v_operator, '_', 2), flags.to_instant(value), flags.to_instant(v_wanted)
            )
        when v_family = 'SEMVER' then
            flags.compares(
                split_part(v_operator, '_', 2),
                flags.sortable_version(value) collate "C",
                flags.sortable_version(v_wanted) collate "C"
            )
    end, false);
end;
$$;

/*
 * Do all constraints of a list hold for a context?
 */
create function flags.constraints_hold(constraints jsonb, context jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule jsonb;
begin
    if constraints is null or constraints = '[]' then
        return true;
    end if;
    for v_rule in select jsonb_array_elements(constraints) loop
        if flags.operator_holds(v_rule, flags.context_value(context, v_rule ->> 'contextName'))
            = coalesce((v_rule ->> 'inverted')::boolean, false) then
            return false;
        end if;
    end loop;
    return true;
end;
$$;

-- sql/09_flags/functions/documents.sql

-- What may stand in the rules, constraints and variants of a flag. What is wrong is refused when it
-- is written, so that an evaluation never fails.

/*
 * Refuse a value that is not of the flag's type.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_value(value jsonb, value_type flags.value_type, argument text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if coalesce(jsonb_typeof(value), 'nothing') <> value_type::text
        and not (value_type = 'json' and jsonb_typeof(value) in ('object', 'array')) then
        perform private.invalid(
            argument,
            'must be ' || case value_type when 'json' then 'an object or an array'
                else 'a ' || value_type::text end
        );
    end if;
end;
$$;

/*
 * Refuse what is not an array of objects with these keys, or is longer than 100.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_list(list jsonb, argument text, known text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_entry jsonb;
begin
    if coalesce(jsonb_typeof(list), 'nothing') <> 'array' or jsonb_array_length(list) > 100 then
        perform private.invalid(argument, 'must be an array of at most 100 objects');
    end if;
    for v_entry in select jsonb_array_elements(list) loop
        if jsonb_typeof(v_entry) <> 'object' then
            perform private.invalid(argument, 'must be an array of at most 100 objects');
        end if;
        perform private.refuse_unknown_keys(v_entry, argument, known);
    end loop;
end;
$$;

/*
 * Refuse variants that have no name or weight, or whose value is not of the flag's type.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_variants(variants jsonb, value_type flags.value_type)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_variant jsonb;
begin
    perform flags.require_list(
        variants, 'variants', '{name,weight,value,stickiness,overrides}'
    );
    for v_variant in select jsonb_array_elements(variants) loop
        if coalesce(v_variant ->> 'name', '') = '' or v_variant ->> 'name' in ('on', 'off') then
            perform private.invalid('variants', 'must have names other than on and off');
        end if;
        if coalesce(v_variant ->> 'weight', '') !~ '^\d{1,6}$' then
            perform private.invalid('variants', 'must have weights from 0 to 999999');
        end if;
        perform flags.require_value(v_variant -> 'value', value_type, 'variants.value');
        if v_variant ? 'overrides' then
            perform flags.require_list(
                v_variant -> 'overrides', 'overrides', '{contextName,values}'
            );
            perform flags.require_texts(v_variant -> 'overrides', 'overrides');
        end if;
    end loop;
    if (select count(*) <> count(distinct list.variant ->> 'name')
        from jsonb_array_elements(variants) as list (variant)) then
        perform private.invalid('variants', 'must have different names');
    end if;
end;
$$;

/*
 * Refuse entries of a list that name no value of the context, or whose `values` are no texts.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_texts(list jsonb, argument text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from jsonb_array_elements(list) as entries (entry)
        where
            coalesce(jsonb_typeof(entries.entry -> 'contextName'), 'nothing') <> 'string'
            or jsonb_typeof(entries.entry -> 'values') <> 'array'
            or jsonb_path_exists(entries.entry, '$.values[*] ? (@.type() != "string")')
    ) then
        perform private.invalid(argument, 'must have a contextName, and values that are texts');
    end if;
end;
$$;

/*
 * Is the value of a constraint one that its operator can compare with?
 */
create function flags.suits_operator(operator text, value text, has_values boolean)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(case
        when operator in (
            'IN', 'NOT_IN', 'IN_CIDR', 'STR_CONTAINS', 'STR_STARTS_WITH', 'STR_ENDS_WITH'
        ) then has_values
        when operator ~ '^NUM_(EQ|GT|GTE|LT|LTE)$' then flags.to_number(value) is not null
        when operator ~ '^SEMVER_(EQ|GT|GTE|LT|LTE)$' then
            flags.sortable_version(value) is not null
        when operator in ('DATE_AFTER', 'DATE_BEFORE') then flags.to_instant(value) is not null
    end, false);
end;
$$;

/*
 * Refuse constraints with an unknown operator, or with a value that it cannot compare with.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_constraints(constraints jsonb)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule jsonb;
begin
    perform flags.require_list(
        constraints, 'constraints',
        '{contextName,operator,value,values,inverted,caseInsensitive}'
    );
    perform flags.require_texts(constraints, 'constraints');
    for v_rule in select jsonb_array_elements(constraints) loop
        if not flags.suits_operator(
            v_rule ->> 'operator', v_rule ->> 'value', v_rule ? 'values'
        ) then
            perform private.invalid(
                'constraints',
                'must have an operator of docs/flags.md and a value that it can compare with'
            );
        end if;
        if coalesce(jsonb_typeof(v_rule -> 'inverted'), 'boolean') <> 'boolean'
            or coalesce(jsonb_typeof(v_rule -> 'caseInsensitive'), 'boolean') <> 'boolean' then
            perform private.invalid('constraints', 'must have true or false for inverted and caseInsensitive');
        end if;
    end loop;
end;
$$;

/*
 * Refuse rules that cannot be evaluated.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_rules(rules jsonb, value_type flags.value_type)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule jsonb;
begin
    perform flags.require_list(
        rules, 'rules', '{percentage,groupId,stickiness,constraints,segments,variants}'
    );
    for v_rule in select jsonb_array_elements(rules) loop
        if v_rule ? 'percentage' and v_rule ->> 'percentage' !~ '^(\d|[1-9]\d|100)$' then
            perform private.invalid('rules.percentage', 'must be a whole number from 0 to 100');
        end if;
        if v_rule ? 'constraints' then
            perform flags.require_constraints(v_rule -> 'constraints');
        end if;
        if v_rule ? 'variants' and v_rule -> 'variants' <> '[]' then
            if value_type = 'boolean' then
                perform private.invalid('rules.variants', 'must be empty for a boolean flag');
            end if;
            perform flags.require_variants(v_rule -> 'variants', value_type);
        end if;
        perform flags.require_segments(v_rule -> 'segments');
    end loop;
end;
$$;

/*
 * Refuse segments that do not exist. They are locked, so that nobody deletes them meanwhile.
 * Definer: nobody has a right to lock segments.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_segments(names jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if names is null then
        return;
    end if;
    if jsonb_typeof(names) <> 'array' then
        perform private.invalid('rules.segments', 'must be an array of names');
    end if;
    perform 1 from flags.segments where names ? segments.name for key share;
    if exists (
        select 1
        from jsonb_array_elements_text(names) as wanted (name)
        where not exists (select 1 from flags.segments where segments.name = wanted.name)
    ) then
        perform private.invalid('rules.segments', 'must name segments that exist');
    end if;
end;
$$;

-- sql/09_flags/functions/evaluate.sql

-- What a subject gets from a flag. The order of the questions is the promise: a flag that is off or
-- outside of its schedule is off for all; a denied subject never gets it; prerequisites come before
-- targets; a target gets it whatever the percentage says; then the first rule that matches counts.

/*
 * Return the evaluation of a flag that is off.
 */
create function flags.switched_off(flag flags.flags, reason text)
returns flags.evaluation
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_evaluation flags.evaluation;
begin
    v_evaluation.key = flag.key;
    v_evaluation.is_on = false;
    v_evaluation.variant = 'off';
    v_evaluation.value = flag.off_value;
    v_evaluation.reason = reason;
    return v_evaluation;
end;
$$;

/*
 * Return the evaluation of a flag that is on, with the variant of the rule that matched, else of
 * the flag. `wanted` names a variant of the flag for a target.
 */
create function flags.switched_on(
    flag flags.flags, rule jsonb, context jsonb, reason text, wanted text default null
)
returns flags.evaluation
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_evaluation flags.evaluation;
    v_is_of_rule boolean = coalesce(jsonb_array_length(rule -> 'variants'), 0) > 0;
    v_variants jsonb = case when v_is_of_rule then rule -> 'variants' else flag.variants end;
    v_variant jsonb;
begin
    if wanted is not null then
        v_variant = jsonb_path_query_first(
            flag.variants, '$[*] ? (@.name == $name)', jsonb_build_object('name', wanted)
        );
    elsif v_variants <> '[]' then
        v_variant = flags.select_variant(
            v_variants,
            case when v_is_of_rule then coalesce(rule ->> 'groupId', flag.key) else flag.key end,
            coalesce(v_variants #>> '{0,stickiness}', rule ->> 'stickiness'),
            context
        );
    end if;
    v_evaluation.key = flag.key;
    v_evaluation.is_on = true;
    v_evaluation.variant = coalesce(v_variant ->> 'name', 'on');
    v_evaluation.value = case
        when flag.value_type = 'boolean' then 'true'
        else coalesce(v_variant -> 'value', flag.off_value)
    end;
    v_evaluation.reason = case
        when jsonb_array_length(v_variants) > 1 and wanted is null then 'SPLIT' else reason
    end;
    return v_evaluation;
end;
$$;

/*
 * Are the other flags that a flag waits for as they have to be for a context?
 */
create function flags.meets_prerequisites(key text, subject text, context jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from flags.prerequisites
        cross join lateral flags.evaluate(
            prerequisites.required_key, meets_prerequisites.subject, meets_prerequisites.context
        ) as required
        where
            prerequisites.flag_key = meets_prerequisites.key
            and (
                required.is_on <> prerequisites.must_be_on
                or (
                    prerequisites.variants <> '{}'
                    and required.variant <> all(prerequisites.variants)
                )
            )
    );
end;
$$;

/*
 * Return the evaluation by the rules of a flag: the first one that matches counts.
 */
create function flags.evaluate_rules(flag flags.flags, context jsonb)
returns flags.evaluation
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule jsonb;
begin
    if flag.rules = '[]' then
        return flags.switched_on(flag, null, context, 'STATIC');
    end if;
    for v_number in 0..jsonb_array_length(flag.rules) - 1 loop
        v_rule = flag.rules -> v_number;
        if flags.rule_matches(v_rule, flag.key, context) then
            return flags.switched_on(
                flag, v_rule, context,
                case when v_rule ? 'percentage' then 'SPLIT' else 'TARGETING_MATCH' end
            );
        end if;
    end loop;
    return flags.switched_off(flag, 'DEFAULT');
end;
$$;

/*
 * Evaluate a flag for a subject. The context adds what rules ask about; its `businessId` can be a
 * target as well. Returns null when there is no such flag. Most flags have neither targets nor
 * prerequisites: then one read by key is all, because each statement costs as much as the hash.
 * Definer: callers see what they get, never the flags and their targets.
 */
create function flags.evaluate(key text, subject text default null, context jsonb default '{}')
returns flags.evaluation
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_context jsonb = case when subject is not null then jsonb_build_object('userId', subject)
        else '{}' end || context;
    v_flag flags.flags;
    v_target flags.targets;
begin
    select flags.* into v_flag from flags.flags where flags.key = evaluate.key;
    if not found then
        return null;
    end if;
    if v_flag.has_targets then
        select targets.* into v_target
        from flags.targets
        where
            targets.flag_key = evaluate.key
            and targets.subject = any(array[evaluate.subject, v_context ->> 'businessId'])
        order by targets.is_denied desc
        limit 1;
    end if;
    if not v_flag.is_enabled
        or v_flag.starts_at is not null and v_flag.starts_at > private.now()
        or v_flag.ends_at is not null and v_flag.ends_at <= private.now() then
        return flags.switched_off(v_flag, 'DISABLED');
    elsif v_target.is_denied then
        return flags.switched_off(v_flag, 'TARGETING_MATCH');
    elsif v_flag.has_prerequisites and not flags.meets_prerequisites(key, subject, context) then
        return flags.switched_off(v_flag, 'DEFAULT');
    elsif v_target.subject is not null then
        return flags.switched_on(v_flag, null, v_context, 'TARGETING_MATCH', v_target.variant);
    end if;
    return flags.evaluate_rules(v_flag, v_context);
end;
$$;

/*
 * Is a flag on for a subject, by default the signed-in user? For policies and functions; write it
 * into a scalar subselect, `(select private.flag('new_prices'))`. A flag that does not exist is
 * off.
 */
create function private.flag(name text, subject text default null)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (flags.evaluate(flag.name, coalesce(flag.subject, auth.uid()::text))).is_on, false
    );
end;
$$;

-- sql/09_flags/functions/hash.sql

-- The hash that says who belongs to a percentage: MurmurHash3 (x86, 32 bits), as in Unleash's SDKs.
-- A subject keeps its bucket for good, so a higher percentage keeps everybody who was in.

/*
 * Return the MurmurHash3 of a text in UTF-8, as a number from 0 to 4294967295. A product of two
 * 32-bit numbers is taken in two halves, because 64 bits have a sign; it is written out each time,
 * because a call in each round would double the time.
 * Source:  https://github.com/aappleby/smhasher, MurmurHash3_x86_32
 */
create function flags.murmur3(value text, seed bigint default 0)
returns bigint
language plpgsql
immutable
security invoker
parallel safe
set search_path = ''
as $$
declare
    v_bytes bytea = convert_to(value, 'UTF8');
    v_length integer = length(v_bytes);
    v_tail integer = length(v_bytes) & ~3;
    v_hash bigint = seed;
    v_word bigint;
begin
    for v_at in 0..v_tail - 1 by 4 loop
        v_word = get_byte(v_bytes, v_at) | (get_byte(v_bytes, v_at + 1) << 8)
            | (get_byte(v_bytes, v_at + 2) << 16) | (get_byte(v_bytes, v_at + 3)::bigint << 24);
        v_word = ((v_word & 65535) * 3432918353
            + ((((v_word >> 16) * 3432918353) & 65535) << 16)) & 4294967295;
        v_word = ((v_word << 15) | (v_word >> 17)) & 4294967295;
        v_hash = v_hash # (((v_word & 65535) * 461845907
            + ((((v_word >> 16) * 461845907) & 65535) << 16)) & 4294967295);
        v_hash = ((((v_hash << 13) | (v_hash >> 19)) & 4294967295) * 5 + 3864292196) & 4294967295;
    end loop;
    if v_tail < v_length then
        v_word = 0;
        for v_at in reverse v_length - 1..v_tail loop
            v_word = (v_word << 8) | get_byte(v_bytes, v_at);
        end loop;
        v_word = ((v_word & 65535) * 3432918353
            + ((((v_word >> 16) * 3432918353) & 65535) << 16)) & 4294967295;
        v_word = ((v_word << 15) | (v_word >> 17)) & 4294967295;
        v_hash = v_hash # (((v_word & 65535) * 461845907
            + ((((v_word >> 16) * 461845907) & 65535) << 16)) & 4294967295);
    end if;
    v_hash = v_hash # v_length;
    v_hash = v_hash # (v_hash >> 16);
    v_hash = ((v_hash & 65535) * 2246822507
        + ((((v_hash >> 16) * 2246822507) & 65535) << 16)) & 4294967295;
    v_hash = v_hash # (v_hash >> 13);
    v_hash = ((v_hash & 65535) * 3266489909
        + ((((v_hash >> 16) * 3266489909) & 65535) << 16)) & 4294967295;
    return v_hash # (v_hash >> 16);
end;
$$;

/*
 * Return the bucket of a subject in a group: a number from 1 to `size`, the same for good. A
 * subject is within a percentage when its bucket of 100 is not above it.
 */
create function flags.bucket(
    subject text, group_id text, size integer default 100, seed bigint default 0
)
returns integer
language plpgsql
immutable
security invoker
parallel safe
set search_path = ''
as $$
begin
    return flags.murmur3(group_id || ':' || subject, seed) % size + 1;
end;
$$;

-- sql/09_flags/functions/matching.sql

-- Whom a rule and a variant choose. What is asked for every evaluation is written so that plpgsql
-- needs no statement for it: an expression with a subselect costs ten times one without.

/*
 * Return the text that the hash of a percentage is made of: the value that stickiness names.
 * `default` takes the user, then the session, then chance; `random` is chance each time.
 */
create function flags.sticky_value(stickiness text, context jsonb)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case coalesce(stickiness, 'default')
        when 'default' then
            coalesce(context ->> 'userId', context ->> 'sessionId', random()::text)
        when 'random' then random()::text
        else context ->> stickiness
    end;
end;
$$;

/*
 * Do the constraints of all these segments hold for a context?
 */
create function flags.segments_hold(names jsonb, context jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from jsonb_array_elements_text(names) as wanted (name)
        left join flags.segments on segments.name = wanted.name
        where
            segments.name is null
            or not flags.constraints_hold(segments.constraints, segments_hold.context)
    );
end;
$$;

/*
 * Does a rule match a context? Its constraints and those of its segments have to hold, and the
 * subject's bucket has to be within the percentage.
 */
create function flags.rule_matches(rule jsonb, key text, context jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_percentage integer = coalesce((rule ->> 'percentage')::integer, 100);
    v_sticky text;
begin
    if v_percentage = 0
        or rule ? 'constraints' and not flags.constraints_hold(rule -> 'constraints', context) then
        return false;
    end if;
    if rule ? 'segments' then
        if not flags.segments_hold(rule -> 'segments', context) then
            return false;
        end if;
    end if;
    if not rule ? 'percentage' then
        return true;
    end if;
    v_sticky = flags.sticky_value(rule ->> 'stickiness', context);
    return v_sticky is not null
        and (
            v_percentage = 100
            -- As flags.bucket, without another call.
            or flags.murmur3(coalesce(rule ->> 'groupId', key) || ':' || v_sticky) % 100
            < v_percentage
        );
end;
$$;

/*
 * Return the variant of a list for a context: the one that names a value of the context, else the
 * one that the subject's hash selects by weight. Returns null when no variant has a weight.
 */
create function flags.select_variant(
    variants jsonb, group_id text, stickiness text, context jsonb
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_total integer = (
        select sum((variant ->> 'weight')::integer)
        from jsonb_array_elements(variants) as list (variant)
    );
    v_bucket integer;
    v_variant jsonb;
begin
    select list.variant into v_variant
    from jsonb_array_elements(variants) with ordinality as list (variant, position)
    cross join jsonb_array_elements(coalesce(list.variant -> 'overrides', '[]')) as chosen (rule)
    where chosen.rule -> 'values' ? (select_variant.context ->> (chosen.rule ->> 'contextName'))
    order by list.position
    limit 1;
    if found or coalesce(v_total, 0) = 0 then
        return v_variant;
    end if;
    -- A seed of its own, so that the first variant is not everybody who came in first.
    v_bucket = flags.bucket(
        coalesce(flags.sticky_value(stickiness, context), random()::text), group_id, v_total,
        86028157
    );
    return (
        select weighed.variant
        from (
            select
                list.variant,
                list.position,
                sum((list.variant ->> 'weight')::integer) over (order by list.position) as until
            from jsonb_array_elements(variants) with ordinality as list (variant, position)
        ) as weighed
        where weighed.until >= v_bucket
        order by weighed.position
        limit 1
    );
end;
$$;

-- sql/09_flags/functions/remote.sql

-- What OpenFeature's remote evaluation protocol (OFREP) answers. The edge calls these functions
-- with the role and the user of the request's token, and adds nothing of its own.

/*
 * Return an evaluation in the words of OFREP.
 */
create function flags.to_answer(evaluation flags.evaluation)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'key', evaluation.key,
        'value', evaluation.value,
        'reason', evaluation.reason,
        'variant', evaluation.variant,
        'metadata', jsonb_build_object('isOn', evaluation.is_on)
    );
end;
$$;

/*
 * Evaluate a flag for the caller of OFREP. A signed-in user is who their token says. Of a flag of
 * the kind `permission` the token alone decides: a client could write anything into its context.
 */
create function flags.evaluate_remotely(
    flag flags.flags, context jsonb, role text, user_id uuid
)
returns flags.evaluation
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_context jsonb = context - 'targetingKey';
begin
    if role = 'service_role' then
        return flags.evaluate(flag.key, context ->> 'targetingKey', v_context);
    elsif flag.kind = 'permission' then
        return flags.evaluate(flag.key, user_id::text, '{}');
    elsif user_id is not null then
        v_context = v_context || jsonb_build_object('userId', user_id);
    end if;
    return flags.evaluate(
        flag.key, coalesce(context ->> 'targetingKey', user_id::text), v_context
    );
end;
$$;

/*
 * Return what OFREP answers for one flag, or null when there is none that the caller may ask for.
 * Clients may ask for public flags, the service role for all.
 * Definer: the edge may call functions only.
 */
create function flags.answer(key text, context jsonb, role text, user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_flag flags.flags;
begin
    select flags.* into v_flag
    from flags.flags
    where flags.key = answer.key and (flags.is_public or answer.role = 'service_role');
    if not found then
        return null;
    end if;
    return flags.to_answer(flags.evaluate_remotely(v_flag, context, role, user_id));
end;
$$;

/*
 * Return what OFREP answers for all flags that the caller may ask for.
 * Definer: the edge may call functions only.
 */
create function flags.answers(context jsonb, role text, user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                flags.to_answer(flags.evaluate_remotely(
                    flags, answers.context, answers.role, answers.user_id
                ))
                order by flags.key
            ),
            '[]'
        )
        from flags.flags
        where flags.is_public or answers.role = 'service_role'
    );
end;
$$;

/*
 * May browsers and apps ask for this flag?
 * Definer: clients cannot read flags.
 */
create function flags.is_public(key text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1 from flags.flags where flags.key = is_public.key and flags.is_public
    );
end;
$$;

-- sql/09_flags/functions/staleness.sql

-- Flags that are no longer needed. A flag that stays after its release is a branch that nobody
-- tests, so each kind has an age, and a flag that has ended is named at once.

/*
 * Return why a flag should be removed, or null while it is needed.
 * Definer: nobody reads the kinds.
 */
create function flags.stale_reason(kind text, created_at timestamptz, ends_at timestamptz)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_days integer = (
        select kinds.expected_days from flags.kinds where kinds.id = stale_reason.kind
    );
begin
    return case
        when ends_at <= private.now() then 'ended'
        when created_at + make_interval(days => v_days) <= private.now()
            then format('older than %s days', v_days)
    end;
end;
$$;

-- sql/09_flags/rules.sql

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

-- sql/09_flags/policies.sql

-- Everybody may ask whether a flag is on for them, so that policies can. What is asked over HTTP
-- goes through the edge. The tables get their policies in 21_oversight, which knows the staff.

alter table flags.kinds enable row level security;
alter table flags.flags enable row level security;
alter table flags.segments enable row level security;
alter table flags.targets enable row level security;
alter table flags.prerequisites enable row level security;

grant usage on schema flags to anon, authenticated, service_role, edge;
grant execute on function
private.flag(text, text)
to anon, authenticated, service_role, worker;
-- Called by private.flag with the caller's rights, and by the operator's servers.
grant execute on function
flags.evaluate(text, text, jsonb),
flags.is_public(text)
to anon, authenticated, service_role, worker;
grant execute on function
flags.answer(text, jsonb, text, uuid),
flags.answers(jsonb, text, uuid)
to edge;
-- Called by views and triggers with the rights of whoever writes a flag.
grant execute on function
flags.stale_reason(text, timestamptz, timestamptz),
flags.require_value(jsonb, flags.value_type, text),
flags.require_list(jsonb, text, text[]),
flags.require_variants(jsonb, flags.value_type),
flags.require_texts(jsonb, text),
flags.suits_operator(text, text, boolean),
flags.require_constraints(jsonb),
flags.require_rules(jsonb, flags.value_type),
flags.require_segments(jsonb),
flags.to_number(text),
flags.to_instant(text),
flags.sortable_version(text)
to authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
