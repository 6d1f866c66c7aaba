-- What a revision is taxed on: the lines of the sale with the taxes that were written for them, and
-- the lines that change it with the rates of what they belong to.

/*
 * Return how the tax of a sale is rounded: as it was at first or, if nothing was taxed then, as the
 * business has it now. Null: nothing is taxed.
 */
create function sales.tax_rule_of(business_id uuid, sale_id uuid)
returns sales.sale_taxes
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule sales.sale_taxes;
    v_basis pricing.tax_basis;
begin
    select sale_taxes.rounding_unit, sale_taxes.rounding_mode
    into v_rule.rounding_unit, v_rule.rounding_mode
    from sales.sale_taxes
    where
        sale_taxes.business_id = tax_rule_of.business_id
        and sale_taxes.sale_id = tax_rule_of.sale_id
        and sale_taxes.rounding_unit is not null
    order by sale_taxes.revision
    limit 1;
    if not found then
        v_basis = pricing.tax_basis(tax_rule_of.business_id);
        v_rule.rounding_unit = v_basis.rounding_unit;
        v_rule.rounding_mode = v_basis.rounding_mode;
    end if;
    return v_rule;
end;
$$;

/*
 * Name what a line belongs to: a line and what corrects it are one unit, and so are the fees for
 * the same thing.
 */
create function sales.unit_of(line sales.sale_lines)
returns text
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select concat_ws(
        ' ',
        (line).kind::text,
        coalesce(
            (line).corrects_line_id, case when (line).kind <> 'fee' then (line).id end
        )::text
    );
end;

/*
 * Return the lines of a sale with the taxes that were written for them, with or without what
 * vouchers pay of them. Changes are taxed as if there were no vouchers; what vouchers pay brings
 * the tax to that of what is left.
 */
create function sales.taxed_lines(business_id uuid, sale_id uuid, with_vouchers boolean)
returns pricing.taxable[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.taxable[] = '{}';
    v_line sales.sale_lines;
    v_taxed pricing.taxable;
begin
    for v_line in
        select sale_lines.*
        from sales.sale_lines
        where
            sale_lines.business_id = taxed_lines.business_id
            and sale_lines.sale_id = taxed_lines.sale_id
            and (taxed_lines.with_vouchers or sale_lines.kind <> 'voucher')
        order by sale_lines.position
    loop
        v_taxed = pricing.make_taxable(
            v_line.position,
            v_line.amount_minor - v_line.discount_minor,
            v_line.tax_is_included,
            sales.rates_of_line(taxed_lines.business_id, v_line.id)
        );
        v_taxed.unit = sales.unit_of(
            case v_line.kind
                when 'voucher'
                    then sales.line_paid(taxed_lines.business_id, v_line.corrects_line_id)
                else v_line
            end
        );
        if v_line.kind = 'voucher' then
            v_taxed.divisor = sales.voucher_divisor(
                taxed_lines.business_id, v_line.corrects_line_id
            );
        end if;
        v_taxed.taxes_minor = array(
            select sale_line_taxes.tax_minor
            from sales.sale_line_taxes
            where
                sale_line_taxes.business_id = taxed_lines.business_id
                and sale_line_taxes.sale_line_id = v_line.id
            order by sale_line_taxes.position
        );
        v_lines = v_lines || v_taxed;
    end loop;
    return v_lines;
end;
$$;

/*
 * Return the rates at which a line was taxed.
 */
create function sales.rates_of_line(business_id uuid, sale_line_id uuid)
returns pricing.tax_rate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select pricing.make_rate(
            sale_line_taxes.component, sale_line_taxes.rate_bps, sale_line_taxes.is_compound,
            sale_line_taxes.jurisdiction
        )
        from sales.sale_line_taxes
        where
            sale_line_taxes.business_id = rates_of_line.business_id
            and sale_line_taxes.sale_line_id = rates_of_line.sale_line_id
        order by sale_line_taxes.position
    );
end;
$$;

/*
 * Return the lines of a revision with the rates at which they are taxed.
 */
create function sales.taxable_changes(
    business_id uuid, sale_id uuid, last_position integer, changes sales.change[]
)
returns pricing.taxable[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_basis constant pricing.tax_basis = pricing.tax_basis(taxable_changes.business_id);
    v_lines pricing.taxable[] = '{}';
    v_line pricing.taxable;
    v_change sales.change;
    v_like sales.sale_lines;
begin
    for v_index in 1 .. cardinality(changes) loop
        v_change = changes[v_index];
        v_like = sales.line_like(taxable_changes.business_id, taxable_changes.sale_id, v_change);
        v_line = pricing.make_taxable(
            last_position + v_index,
            v_change.amount_minor - v_change.discount_minor,
            -- A fee is what is owed in all.
            coalesce(v_like.tax_is_included, v_change.kind = 'fee' or v_basis.is_included, true),
            case
                when v_like.id is not null
                    then sales.rates_of_line(taxable_changes.business_id, v_like.id)
                when v_change.rates is not null then v_change.rates
                when v_basis.business_id is null then '{}'
                else sales.rates_of_change(v_basis, taxable_changes.sale_id, v_change)
            end
        );
        v_line.unit = case
            when v_like.id is not null then sales.unit_of(v_like)
            when v_change.kind = 'fee' then concat_ws(' ', 'fee', v_change.corrects_line_id)
            else 'change ' || v_index
        end;
        v_lines = v_lines || v_line;
    end loop;
    return v_lines;
end;
$$;

/*
 * Return a line that a change is taxed like: the one that it corrects, or one that charged for the
 * same thing before.
 */
create function sales.line_like(business_id uuid, sale_id uuid, change sales.change)
returns sales.sale_lines
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_line sales.sale_lines;
begin
    select sale_lines.* into v_line
    from sales.sale_lines
    where
        sale_lines.business_id = line_like.business_id
        and sale_lines.kind = change.kind
        and (
            sale_lines.id = change.corrects_line_id
            or sale_lines.sale_id = line_like.sale_id
            and change.kind = 'fee'
            and sale_lines.corrects_line_id is not distinct from change.corrects_line_id
        )
    order by sale_lines.position
    limit 1;
    return v_line;
end;
$$;

/*
 * Return the rates of a line that is new in a sale. A fee is taxed as what it is charged for or,
 * where it is for nothing in particular, as the first line of the sale; unless the business does
 * not tax fees.
 */
create function sales.rates_of_change(
    basis pricing.tax_basis, sale_id uuid, change sales.change
)
returns pricing.tax_rate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if change.kind = 'fee' then
        return case when basis.fees_are_taxed then sales.rates_of_line(
            basis.business_id,
            coalesce(
                change.corrects_line_id,
                (
                    select sale_lines.id
                    from sales.sale_lines
                    where
                        sale_lines.business_id = basis.business_id
                        and sale_lines.sale_id = rates_of_change.sale_id
                        and sale_lines.position = 1
                )
            )
        ) else '{}' end;
    end if;
    return pricing.tax_rates(
        basis,
        pricing.tax_class_of(
            change.kind::text,
            null,
            (
                select services.tax_class
                from catalog.services
                where
                    services.business_id = basis.business_id
                    and services.id = change.service_id
            ),
            basis.gift_card_tax_class
        ),
        (private.now() at time zone basis.time_zone)::date,
        'within_region'
    );
end;
$$;

/*
 * Return the lines of a revision of a sale of which nothing is taxed.
 */
create function sales.untaxed_changes(last_position integer, changes sales.change[])
returns pricing.taxable[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select pricing.make_taxable(
            (untaxed_changes.last_position + change.ordinality)::integer,
            change.amount_minor - change.discount_minor,
            true,
            '{}'
        )
        from unnest(changes) with ordinality as change
        order by change.ordinality
    );
end;
$$;
