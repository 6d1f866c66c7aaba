-- What must never happen: a step outside of the workflow, a business without an owner, a decision
-- without a record. These rules hold on every path, for the table's owner too.

create trigger _010_refuse_bad_input
before insert or update on business.businesses
for each row
execute function private.any__refuse_bad_input();

/*
 * Refuse a change of the slug by anybody but an owner, and a slug that is taken.
 *
 * Errors:  PT403 forbidden · PT409 already_exists
 */
create function business.businesses__guard_slug()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client() and new.id not in (select private.my_businesses('own')) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only an owner can change the slug.',
            'Ask an owner of the business.'
        );
    end if;
    perform business.claim_slug(new.slug);
    return new;
end;
$$;

/*
 * Refuse to change the currency once a business has left the draft: its prices were meant in it.
 *
 * Errors:  PT409 invalid_transition
 */
create function business.businesses__keep_currency()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'invalid_transition',
        'The currency cannot change after the business was submitted.',
        'Create another business for another currency.'
    );
    return null;
end;
$$;

/*
 * Refuse a change of status that is not in business_transitions.
 * Definer: whoever changes a status may not be able to read the workflow.
 *
 * Errors:  PT409 invalid_transition
 */
create function business.businesses__refuse_unknown_steps()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from business.business_transitions
        where
            business_transitions.from_status = old.status
            and business_transitions.to_status = new.status
    ) then
        perform business.refuse_step(format('to %s', new.status), old.status::text);
    end if;
    return new;
end;
$$;

/*
 * Write a line for every change of status, activity and verification, with the reason that came
 * with it. The line has the reason then, and the business has none any more.
 * Definer: only these triggers write the history.
 */
create function business.businesses__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into business.business_history (
        business_id, kind, old_value, new_value, reason, actor_id, at
    )
    select
        new.id,
        changes.kind::business.history_kind,
        changes.old_value,
        changes.new_value,
        new.decision_reason,
        auth.uid(),
        private.now()
    from (
        values
        ('status', old.status::text, new.status::text),
        ('active', old.is_active::text, new.is_active::text),
        ('verified', old.is_verified::text, new.is_verified::text)
    ) as changes (kind, old_value, new_value)
    where
        changes.old_value is distinct from changes.new_value
        and (tg_op = 'UPDATE' or changes.kind = 'status');
    new.decision_reason = null;
    return new;
end;
$$;

create trigger _100_guard_slug
before update on business.businesses
for each row
when (old.slug is distinct from new.slug)
execute function business.businesses__guard_slug();

create trigger _200_keep_currency
before update on business.businesses
for each row
when (old.currency is distinct from new.currency and old.status <> 'draft')
execute function business.businesses__keep_currency();

create trigger _300_refuse_unknown_steps
before update on business.businesses
for each row
when (old.status is distinct from new.status)
execute function business.businesses__refuse_unknown_steps();

create trigger _500_keep_history_from_the_start
after insert on business.businesses
for each row
execute function business.businesses__keep_history();

create trigger _500_keep_history
before update on business.businesses
for each row
when (
    old.status is distinct from new.status
    or old.is_active is distinct from new.is_active
    or old.is_verified is distinct from new.is_verified
)
execute function business.businesses__keep_history();

create trigger _900_touch
before update on business.businesses
for each row
execute function private.any__touch();

create trigger _010_refuse_bad_input
before insert or update on business.closures
for each row
execute function business.any__refuse_bad_input('manage');

-- History cannot be rewritten. Deleting a business deletes its history, and deleting a user clears
-- their name in it: PostgreSQL's own triggers do both, at a depth above 0.
create trigger _100_refuse_rewriting
before update or delete on business.business_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on business.business_history
for each statement
execute function private.any__refuse_rewriting();
