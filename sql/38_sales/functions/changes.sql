-- The lines that change a sale, before they are written: corrections of its lines, fees, and what
-- is added to it.

/*
 * Make a line that changes a sale: an amount more, or less, than its lines say so far. The amount
 * is that of all units.
 */
create function sales.make_change(
    kind sales.line_kind,
    corrects_line_id uuid,
    service_id uuid,
    name text,
    amount_minor bigint,
    discount_minor bigint default 0,
    plan_id uuid default null,
    quantity integer default 1
)
returns sales.change
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_change sales.change;
begin
    v_change.kind = make_change.kind;
    v_change.corrects_line_id = make_change.corrects_line_id;
    v_change.service_id = make_change.service_id;
    v_change.name = make_change.name;
    v_change.quantity = make_change.quantity;
    v_change.unit_minor = make_change.amount_minor / make_change.quantity;
    v_change.amount_minor = make_change.amount_minor;
    v_change.discount_minor = make_change.discount_minor;
    v_change.plan_id = make_change.plan_id;
    return v_change;
end;
$$;

/*
 * Return the lines of a quote as additions to a sale, at the rates at which they were quoted.
 */
create function sales.additions_of(quote jsonb)
returns sales.change[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line jsonb;
    v_change sales.change;
    v_changes sales.change[] = '{}';
begin
    for v_line in
        select line.value
        from jsonb_array_elements(quote -> 'lines') with ordinality as line
        order by line.ordinality
    loop
        v_change = jsonb_populate_record(null::sales.change, v_line);
        v_change.rates = array(
            select jsonb_populate_record(null::pricing.tax_rate, tax.value)
            from jsonb_array_elements(v_line -> 'taxes') with ordinality as tax
            order by tax.ordinality
        );
        v_changes = v_changes || v_change;
    end loop;
    return v_changes;
end;
$$;
