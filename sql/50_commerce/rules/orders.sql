-- What holds for orders on every path, the table owner's included: only steps of the table are
-- taken, by those who may; every step is recorded and announced; what was ordered never changes.

/*
 * Refuse an order that is sent and has no address. Later the address may be emptied, when its
 * person is erased: so it is no check of the table.
 */
create function commerce.orders__require_address()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise check_violation using message = 'An order that is sent needs an address.';
end;
$$;

create trigger _100_require_address
before insert on commerce.orders
for each row
when (new.delivery_kind = 'delivery' and new.address is null)
execute function commerce.orders__require_address();

/*
 * Refuse steps that do not exist, that the caller may not take, or whose condition is not met.
 * Anybody may pay, and whoever comes by expires an order that ran out.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition payment_required
 */
create function commerce.orders__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_step commerce.order_steps;
begin
    select order_steps.* into v_step
    from commerce.order_steps
    where order_steps.from_status = old.status and order_steps.to_status = new.status;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('An order that is %s cannot become %s.', old.status, new.status),
            'Read the order again and check its status.'
        );
    elsif v_step.guard = 'paid' and not commerce.is_paid(new) then
        perform private.refuse(
            'PT409', 'payment_required', 'This order is not paid yet.',
            'Pay it with start_payment, or record cash with record_cash_payment.'
        );
    elsif v_step.guard is null and v_step.due is null
        and not (v_step.actors || 'system'::scheduling.actor_kind) && commerce.actors(old) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to take this step.',
            'Ask the business to take it.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on commerce.orders
for each row
when (old.status is distinct from new.status)
execute function commerce.orders__refuse_illegal_steps();

-- An order keeps what was ordered, from whom, and where it goes.
create trigger _110_refuse_rewriting
before update on commerce.orders
for each row
when (
    old.id <> new.id
    or old.business_id <> new.business_id
    or old.sale_id <> new.sale_id
    or old.reference <> new.reference
    or old.placed_at <> new.placed_at
)
execute function private.any__refuse_rewriting();

create trigger _120_refuse_deleting
before delete on commerce.orders
for each row execute function private.any__refuse_rewriting();

create trigger _900_touch
before update on commerce.orders
for each row execute function private.any__touch();

create trigger _100_refuse_rewriting
before update on commerce.order_items
for each row
when (
    old.id <> new.id
    or old.business_id <> new.business_id
    or old.order_id <> new.order_id
    or old.sale_line_id <> new.sale_line_id
    or old.variant_id <> new.variant_id
    or old.sku <> new.sku
    or old.name <> new.name
    or old.quantity <> new.quantity
    or old.pieces_per_unit <> new.pieces_per_unit
)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_deleting
before delete on commerce.order_items
for each row execute function private.any__refuse_rewriting();

/*
 * Record that an order was placed, or took a step.
 */
create function commerce.orders__record_step()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.record_event(
        new,
        case when tg_op = 'INSERT' then 'placed' else new.status::text end::commerce.order_event,
        case when new.status = 'cancelled' then new.status_reason end
    );
    return null;
end;
$$;

create trigger _300_record_step
after insert on commerce.orders
for each row execute function commerce.orders__record_step();

create trigger _310_record_step
after update of status on commerce.orders
for each row
when (old.status is distinct from new.status)
execute function commerce.orders__record_step();

/*
 * Announce what happened to an order as order.placed, order.paid, order.shipped and so on.
 */
create function commerce.order_history__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'order.' || new.event::text,
        jsonb_build_object(
            'order_id', new.order_id,
            'business_id', new.business_id,
            'status', new.status,
            'actor', new.actor,
            'reason', new.note
        )
    );
    return null;
end;
$$;

create trigger _500_announce
after insert on commerce.order_history
for each row execute function commerce.order_history__announce();

create trigger _100_refuse_rewriting
before update or delete on commerce.order_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on commerce.order_history
for each statement execute function private.any__refuse_rewriting();
