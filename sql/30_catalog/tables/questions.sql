-- Questions that a business asks when a service is booked. The booking keeps the answers with the
-- questions as they were asked. A question that is no longer asked is switched off.

create type catalog.question_kind as enum (
    'text', 'long_text', 'number', 'yes_no', 'choice', 'choices', 'date', 'phone', 'email'
);

/*
 * Do the choices of a question fit its kind? A choice needs some, short and each once; another kind
 * has none.
 */
create function catalog.fits_choices(kind catalog.question_kind, choices text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if kind not in ('choice', 'choices') then
        return choices = '{}';
    end if;
    return cardinality(choices) between 1 and 100
        and (select count(distinct choice) from unnest(choices) as choice) = cardinality(choices)
        and not exists (
            select 1
            from unnest(choices) as choice
            where
                choice is null
                or length(btrim(choice)) not between 1 and 200
                or private.has_control_characters(choice)
        );
end;
$$;
grant execute on function catalog.fits_choices(catalog.question_kind, text[])
to authenticated, service_role;

create table catalog.service_questions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- The key under which an answer is sent and kept.
    key text not null,
    label text not null,
    kind catalog.question_kind not null,
    is_required boolean not null default false,
    choices text array not null default '{}',
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint service_questions_business_id_id_unique unique (business_id, id),
    constraint service_questions_key_unique unique (service_id, key),
    constraint service_questions_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_questions_key_is_a_name check (
        key ~ '^[a-z][a-z0-9_]{0,49}$'
        or private.invalid(
            'key', 'must begin with a letter and have 1 to 50 of a to z, 0 to 9 and _'
        )
    ),
    constraint service_questions_label_is_short check (
        length(btrim(label)) between 1 and 500 and private.is_one_line(label)
        or private.invalid('label', 'must have 1 to 500 printable characters')
    ),
    constraint service_questions_choices_fit check (
        catalog.fits_choices(kind, choices)
        or private.invalid(
            'choices',
            'must be 1 to 100 different texts if kind is choice or choices, and empty otherwise'
        )
    )
);
comment on table catalog.service_questions is 'What whoever books a service is asked.';
create index service_questions_service_idx on catalog.service_questions (business_id, service_id);
