-- How clients name what they mean of an order: units of its lines, or pieces of its items.

/*
 * Read units of lines: a JSON array of {sale_line_id, quantity}. Several entries of one line are
 * added up.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_lines(value text, argument text)
returns commerce.line_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines commerce.line_quantity[];
begin
    if value is null then
        return null;
    end if;
    v_lines = array(
        select (read.id, sum(read.quantity)::integer)::commerce.line_quantity
        from (
            select
                private.to_identifier(sent.line ->> 'sale_line_id', argument || '.sale_line_id') as id,
                private.to_whole_number(
                    sent.line ->> 'quantity', argument || '.quantity', 1, 1000000
                ) as quantity
            from unnest(
                private.to_objects(value, argument, 500, '{sale_line_id,quantity}')
            ) as sent (line)
        ) as read
        group by read.id
        order by read.id
    );
    if cardinality(v_lines) = 0 then
        perform private.invalid(argument, 'must name at least one line');
    end if;
    return v_lines;
end;
$$;

/*
 * Read of which kind a return is.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_return_kind(value text)
returns commerce.return_kind
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value not in ('return', 'exchange', 'claim') then
        perform private.invalid('kind', 'must be return, exchange or claim');
    end if;
    return value::commerce.return_kind;
end;
$$;

/*
 * Read how a return of a kind ends: by default with its refund, an exchange with a replacement.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_resolution(kind text, value text)
returns commerce.return_resolution
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_resolution constant text = coalesce(
        value, case kind when 'exchange' then 'replacement' else 'refund' end
    );
begin
    if v_resolution not in ('refund', 'replacement')
        or kind <> 'claim' and (kind = 'exchange') <> (v_resolution = 'replacement') then
        perform private.invalid(
            'resolution', 'must be refund for a return, replacement for an exchange'
        );
    end if;
    return v_resolution::commerce.return_resolution;
end;
$$;

/*
 * Read what is decided for single items of a return: a JSON array of {order_item_id, store_id?,
 * restock?}.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_decisions(value text, argument text)
returns commerce.return_decision[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_decisions commerce.return_decision[] = array(
        select (
            private.to_identifier(sent.item ->> 'order_item_id', argument || '.order_item_id'),
            private.to_identifier(
                sent.item ->> 'store_id', argument || '.store_id', is_required => false
            ),
            case when sent.item ->> 'restock' is not null then private.to_yes_no(
                sent.item ->> 'restock', argument || '.restock'
            ) end
        )::commerce.return_decision
        from unnest(
            private.to_objects(value, argument, 500, '{order_item_id,store_id,restock}')
        ) as sent (item)
    );
begin
    if cardinality(v_decisions) > (
        select count(distinct decision.order_item_id) from unnest(v_decisions) as decision
    ) then
        perform private.invalid(argument, 'must name each item once');
    end if;
    return v_decisions;
end;
$$;

/*
 * Read units of variants that are added to an order: a JSON array of {variant_id, quantity,
 * unit_minor?}. Several entries of one variant at one price are added up.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_additions(value text, argument text)
returns commerce.order_addition[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (
            read.variant_id, sum(read.quantity)::integer, read.unit_minor
        )::commerce.order_addition
        from (
            select
                private.to_identifier(
                    sent.item ->> 'variant_id', argument || '.variant_id'
                ) as variant_id,
                private.to_whole_number(
                    sent.item ->> 'quantity', argument || '.quantity', 1, 100000
                ) as quantity,
                private.to_minor_units(
                    sent.item ->> 'unit_minor', argument || '.unit_minor'
                ) as unit_minor
            from unnest(
                private.to_objects(value, argument, 100, '{variant_id,quantity,unit_minor}')
            ) as sent (item)
        ) as read
        group by read.variant_id, read.unit_minor
        order by read.variant_id, read.unit_minor
    );
end;
$$;

/*
 * Read what is sent for the pieces of an exchange; a return of another kind has none.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_replacements(value text, kind text)
returns commerce.order_addition[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_replacements constant commerce.order_addition[] = commerce.to_additions(
        coalesce(value, '[]'), 'replacements'
    );
begin
    if v_replacements <> '{}' and kind <> 'exchange' then
        perform private.invalid('replacements', 'are for an exchange');
    end if;
    return v_replacements;
end;
$$;

/*
 * Read units of variants that are added to an order, at least one.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_required_additions(value text, argument text)
returns commerce.order_addition[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_added constant commerce.order_addition[] = commerce.to_additions(
        coalesce(value, '[]'), argument
    );
begin
    if v_added = '{}' then
        perform private.invalid(argument, 'must name at least one variant');
    end if;
    return v_added;
end;
$$;

/*
 * Read pieces of items: a JSON array of {order_item_id, quantity}. Several entries of one item are
 * added up.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_pieces(value text, argument text)
returns commerce.item_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_pieces commerce.item_quantity[];
begin
    if value is null then
        return null;
    end if;
    v_pieces = array(
        select (read.id, sum(read.quantity)::integer)::commerce.item_quantity
        from (
            select
                private.to_identifier(
                    sent.item ->> 'order_item_id', argument || '.order_item_id'
                ) as id,
                private.to_whole_number(
                    sent.item ->> 'quantity', argument || '.quantity', 1, 1000000
                ) as quantity
            from unnest(
                private.to_objects(value, argument, 500, '{order_item_id,quantity}')
            ) as sent (item)
        ) as read
        group by read.id
        order by read.id
    );
    if cardinality(v_pieces) = 0 then
        perform private.invalid(argument, 'must name at least one item');
    end if;
    return v_pieces;
end;
$$;
