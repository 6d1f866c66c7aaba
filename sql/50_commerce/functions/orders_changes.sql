-- The versions of an order.

/*
 * Record a change of what was ordered as the next version: units that went, and units that came.
 * The caller holds the order's lock.
 */
create function commerce.record_change(
    placed commerce.orders,
    kind commerce.change_kind,
    lines commerce.line_quantity[],
    reason text,
    added commerce.line_quantity[] default '{}'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_version integer;
begin
    update commerce.orders
    set version = orders.version + 1
    where orders.id = placed.id
    returning orders.version into v_version;
    insert into commerce.order_changes (
        business_id, order_id, version, kind, lines, reason, actor_id, at
    )
    values (
        placed.business_id, placed.id, v_version, record_change.kind,
        (
            select jsonb_agg(
                jsonb_build_object('sale_line_id', unit.sale_line_id, 'quantity', unit.quantity)
            )
            from (
                select line.sale_line_id, - line.quantity as quantity
                from unnest(lines) as line
                union all
                select line.sale_line_id, line.quantity
                from unnest(added) as line
            ) as unit
        ),
        record_change.reason, (select users.id from auth.users where users.id = auth.uid()),
        private.now()
    );
end;
$$;

/*
 * Refuse an order that has another version than the caller read.
 *
 * Errors:  PT409 changed_meanwhile
 */
create function commerce.require_version(placed commerce.orders, version integer)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if require_version.version <> placed.version then
        perform private.refuse(
            'PT409', 'changed_meanwhile',
            format('This order has the version %s now.', placed.version),
            'Read the order again, then decide.'
        );
    end if;
end;
$$;
