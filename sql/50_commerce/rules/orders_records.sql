-- Changes of orders are only added, and what a shipment or a return has never changes.

create trigger _100_refuse_rewriting
before update or delete on commerce.order_changes
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on commerce.order_changes
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on commerce.shipment_items
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update on commerce.return_items
for each row
when (
    old.business_id <> new.business_id
    or old.return_id <> new.return_id
    or old.order_item_id <> new.order_item_id
    or old.quantity <> new.quantity
    or old.is_restocked is not null
)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_deleting
before delete on commerce.return_items
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on commerce.return_replacements
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _010_refuse_bad_input
before insert or update on commerce.order_settings
for each row execute function business.any__refuse_bad_input('manage');

create trigger _900_touch
before update on commerce.order_settings
for each row execute function private.any__touch();

/*
 * Refuse a step that the life of a shipment does not have: packed, sent, then arrived or lost.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.shipments__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if (old.status, new.status) not in (
        ('pending', 'shipped'), ('shipped', 'delivered'), ('shipped', 'lost')
    ) then
        perform commerce.refuse_shipment_step(old, new.status);
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on commerce.shipments
for each row
when (old.status is distinct from new.status)
execute function commerce.shipments__refuse_illegal_steps();

/*
 * Refuse a step that the life of a return does not have.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.returns__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if (old.status, new.status) not in (
        ('requested', 'approved'), ('requested', 'rejected'), ('approved', 'received'),
        ('received', 'refunded')
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A return that is %s cannot become %s.', old.status, new.status),
            'Read the return again and check its status.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on commerce.returns
for each row
when (old.status is distinct from new.status)
execute function commerce.returns__refuse_illegal_steps();
