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
