-- How sales change. A revision adds lines and the tax on them. Its tax is what the whole sale is
-- taxed after it, by the rates and the rounding of the sale, less what was written before: so the
-- revisions of a sale always add up to the tax of what remains of it.

/*
 * What a line adds to what is owed: its amount after discount, and the tax that is not in it.
 */
create function sales.line_total(line sales.sale_lines)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return line.amount_minor - line.discount_minor
    + case when line.tax_is_included then 0 else line.tax_minor end;
end;
$$;

/*
 * Write a further revision of a sale with the lines that change it. Returns its number, or null
 * without lines, when nothing is written. The caller holds the lock of what was sold.
 */
create function sales.revise_sale(
    business_id uuid, sale_id uuid, cause sales.revision_cause, changes sales.change[]
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_revision integer;
    v_taxed record;
    v_rule sales.sale_taxes;
begin
    if cardinality(changes) = 0 then
        return null;
    end if;
    select coalesce(max(sale_lines.revision), 0) + 1 into v_revision
    from sales.sale_lines
    where
        sale_lines.business_id = revise_sale.business_id
        and sale_lines.sale_id = revise_sale.sale_id;
    v_taxed = sales.tax_changes(revise_sale.business_id, revise_sale.sale_id, changes);
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    values (
        revise_sale.business_id, revise_sale.sale_id, v_revision, revise_sale.cause, auth.uid(),
        private.now()
    );
    perform sales.write_changes(
        revise_sale.business_id, revise_sale.sale_id, v_revision, changes, v_taxed.lines,
        v_taxed.parts
    );
    v_rule = v_taxed.rule;
    v_rule.business_id = revise_sale.business_id;
    v_rule.sale_id = revise_sale.sale_id;
    v_rule.revision = v_revision;
    perform sales.write_revision_taxes(v_rule, v_taxed.parts);
    if revise_sale.cause in ('cancelled', 'rejected', 'expired') then
        perform sales.release_coupons(revise_sale.business_id, revise_sale.sale_id);
    end if;
    return v_revision;
end;
$$;

/*
 * Return how the lines of a revision would be taxed: each line with its rates, its parts of the
 * tax, and the rule by which they are rounded.
 */
create function sales.tax_changes(
    business_id uuid,
    sale_id uuid,
    changes sales.change[],
    out lines pricing.taxable[],
    out parts pricing.tax_part[],
    out rule sales.sale_taxes
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_position integer;
begin
    select coalesce(max(sale_lines.position), 0) into v_position
    from sales.sale_lines
    where
        sale_lines.business_id = tax_changes.business_id
        and sale_lines.sale_id = tax_changes.sale_id;
    rule = sales.tax_rule_of(tax_changes.business_id, tax_changes.sale_id);
    if rule.rounding_unit is null then
        lines = sales.untaxed_changes(v_position, changes);
        parts = array(select part from pricing.document_taxes(lines, 'rate', 'down') as part);
        return;
    end if;
    lines = sales.taxable_changes(
        tax_changes.business_id, tax_changes.sale_id, v_position, changes
    );
    parts = array(
        select part
        from pricing.document_taxes(
            sales.taxed_lines(tax_changes.business_id, tax_changes.sale_id, false) || lines,
            rule.rounding_unit,
            rule.rounding_mode
        ) as part
    );
end;
$$;

/*
 * Return what each line of a revision would add to what is owed, at the same place.
 */
create function sales.totals_of_changes(
    business_id uuid, sale_id uuid, changes sales.change[]
)
returns bigint[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_taxed record = sales.tax_changes(
        totals_of_changes.business_id, totals_of_changes.sale_id, changes
    );
    v_lines pricing.taxable[] = v_taxed.lines;
    v_parts pricing.tax_part[] = v_taxed.parts;
begin
    return array(
        select
            change.amount_minor - change.discount_minor + case
                when v_lines[change.ordinality].is_included then 0
                else (
                    select coalesce(sum(part.tax_minor), 0)
                    from unnest(v_parts) as part
                    where part.place = v_lines[change.ordinality].place
                )
            end
        from unnest(changes) with ordinality as change
        order by change.ordinality
    );
end;
$$;

/*
 * Write the lines of a revision with their taxes. `lines` are the changes as they are taxed.
 */
create function sales.write_changes(
    business_id uuid,
    sale_id uuid,
    revision integer,
    changes sales.change[],
    lines pricing.taxable[],
    parts pricing.tax_part[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, corrects_line_id, service_id,
        variant_id, name, quantity, unit_minor, amount_minor, discount_minor, tax_minor,
        tax_is_included, plan_id
    )
    select
        write_changes.business_id,
        write_changes.sale_id,
        lines[change.ordinality].place,
        write_changes.revision,
        change.kind,
        change.corrects_line_id,
        change.service_id,
        change.variant_id,
        change.name,
        change.quantity,
        change.unit_minor,
        change.amount_minor,
        change.discount_minor,
        (
            select sum(part.tax_minor)
            from unnest(parts) as part
            where part.place = lines[change.ordinality].place
        ),
        lines[change.ordinality].is_included,
        change.plan_id
    from unnest(changes) with ordinality as change;
end;
$$;
