-- What vouchers pay: gift cards that were taxed when they were sold. Each line that one pays is
-- followed by a pair of lines of its amount. The first takes so much of the line back with its tax,
-- the second sells it without any: so what is owed stays what it was, and nothing is taxed twice.

/*
 * Return the lines of a sale of which tax is due, each with what it costs now (corrections and fees
 * that belong to it included), and what vouchers pay of that. Both include the tax.
 */
create function sales.voucher_balances(business_id uuid, sale_id uuid)
returns table (sale_line_id uuid, place smallint, taxed_minor bigint, voucher_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        coalesce(sale_lines.corrects_line_id, sale_lines.id),
        min(sale_lines.position),
        greatest(
            coalesce(
                sum(sales.line_total(sale_lines)) filter (where sale_lines.kind <> 'voucher'), 0
            ),
            0
        )::bigint,
        - coalesce(
            sum(sales.line_total(sale_lines)) filter (where sale_lines.kind = 'voucher'), 0
        )::bigint
    from sales.sale_lines
    where
        sale_lines.business_id = voucher_balances.business_id
        and sale_lines.sale_id = voucher_balances.sale_id
        and exists (
            select 1
            from sales.sale_line_taxes
            where
                sale_line_taxes.business_id = sale_lines.business_id
                and sale_line_taxes.sale_line_id = sale_lines.id
                and sale_line_taxes.rate_bps > 0
        )
    group by coalesce(sale_lines.corrects_line_id, sale_lines.id);
end;
$$;

/*
 * Write that vouchers pay so much of a sale in all, as far as tax is due of it: a revision that
 * moves what they pay of each line to its share, in proportion to what the lines cost. Nothing is
 * written where nothing moves. The caller holds the lock of what was sold.
 */
create function sales.apply_vouchers(business_id uuid, sale_id uuid, amount_minor bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ids uuid[];
    v_taxed bigint[];
    v_paid bigint[];
    v_changes sales.change[];
begin
    select
        array_agg(lines.sale_line_id order by lines.place),
        array_agg(lines.taxed_minor order by lines.place),
        array_agg(lines.voucher_minor order by lines.place)
    into v_ids, v_taxed, v_paid
    from sales.voucher_balances(apply_vouchers.business_id, apply_vouchers.sale_id) as lines;
    if v_ids is null then
        return;
    end if;
    v_changes = array(
        select sales.make_change(
            'voucher', sold.id, sold.service_id, sold.name || ' (gift card)',
            signs.sign * (moved.share - moved.paid)
        )
        from unnest(
            v_ids,
            pricing.split(
                least(
                    apply_vouchers.amount_minor, (select sum(taxed)::bigint from unnest(v_taxed) as taxed)
                ),
                v_taxed
            ),
            v_paid
        ) with ordinality as moved (id, share, paid, place)
        inner join sales.sale_lines as sold
            on sold.business_id = apply_vouchers.business_id and sold.id = moved.id
        cross join (values (-1), (1)) as signs (sign)
        where moved.share <> moved.paid
        order by moved.place, signs.sign
    );
    if v_changes <> '{}' then
        perform sales.write_vouchers(apply_vouchers.business_id, apply_vouchers.sale_id, v_changes);
    end if;
end;
$$;

/*
 * Return the line of which a voucher pays something.
 */
create function sales.line_paid(business_id uuid, corrects_line_id uuid)
returns sales.sale_lines
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_line sales.sale_lines;
begin
    select sale_lines.* into strict v_line
    from sales.sale_lines
    where
        sale_lines.business_id = line_paid.business_id
        and sale_lines.id = line_paid.corrects_line_id;
    return v_line;
end;
$$;

/*
 * Return what a voucher's amount is divided by to be without tax, where tax came on top of the
 * line that it pays: what the line costs now for each unit of its price. The tax of the line was
 * rounded, so its rates alone would leave a remainder when the voucher pays all of it. Null where
 * the price includes the tax.
 */
create function sales.voucher_divisor(business_id uuid, line_id uuid)
returns numeric
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            sum(sales.line_total(sale_lines))
            / nullif(sum(sale_lines.amount_minor - sale_lines.discount_minor), 0)
        from sales.sale_lines
        where
            sale_lines.business_id = voucher_divisor.business_id
            and (
                sale_lines.id = voucher_divisor.line_id
                or sale_lines.corrects_line_id = voucher_divisor.line_id
            )
            and sale_lines.kind <> 'voucher'
            and not sale_lines.tax_is_included
    );
end;
$$;

/*
 * Return pairs of lines as they are taxed: the first of each like the line that it corrects, the
 * second not at all.
 */
create function sales.taxable_vouchers(
    business_id uuid, last_position integer, changes sales.change[]
)
returns pricing.taxable[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_change sales.change;
    v_line pricing.taxable;
    v_lines pricing.taxable[] = '{}';
begin
    for v_index in 1 .. cardinality(changes) loop
        v_change = changes[v_index];
        v_line = pricing.make_taxable(
            last_position + v_index,
            v_change.amount_minor,
            true,
            case v_index % 2
                when 1 then sales.rates_of_line(
                    taxable_vouchers.business_id, v_change.corrects_line_id
                )
                else '{}'
            end
        );
        v_line.unit = sales.unit_of(
            sales.line_paid(taxable_vouchers.business_id, v_change.corrects_line_id)
        );
        v_line.divisor = sales.voucher_divisor(
            taxable_vouchers.business_id, v_change.corrects_line_id
        );
        v_lines = v_lines || v_line;
    end loop;
    return v_lines;
end;
$$;

/*
 * Write a revision of such pairs.
 */
create function sales.write_vouchers(
    business_id uuid, sale_id uuid, changes sales.change[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_rule sales.sale_taxes
        = sales.tax_rule_of(write_vouchers.business_id, write_vouchers.sale_id);
    v_position integer;
    v_lines pricing.taxable[];
    v_parts pricing.tax_part[];
begin
    select max(sale_lines.position), max(sale_lines.revision) + 1
    into v_position, v_rule.revision
    from sales.sale_lines
    where
        sale_lines.business_id = write_vouchers.business_id
        and sale_lines.sale_id = write_vouchers.sale_id;
    v_rule.business_id = write_vouchers.business_id;
    v_rule.sale_id = write_vouchers.sale_id;
    v_lines = sales.taxable_vouchers(write_vouchers.business_id, v_position, changes);
    v_parts = array(
        select part
        from pricing.document_taxes(
            sales.taxed_lines(write_vouchers.business_id, write_vouchers.sale_id, true) || v_lines,
            v_rule.rounding_unit,
            v_rule.rounding_mode
        ) as part
    );
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    values (
        v_rule.business_id, v_rule.sale_id, v_rule.revision, 'voucher', auth.uid(), private.now()
    );
    perform sales.write_changes(
        v_rule.business_id, v_rule.sale_id, v_rule.revision, changes, v_lines, v_parts
    );
    perform sales.write_revision_taxes(v_rule, v_parts);
end;
$$;
