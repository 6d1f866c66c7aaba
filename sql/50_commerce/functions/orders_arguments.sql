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
