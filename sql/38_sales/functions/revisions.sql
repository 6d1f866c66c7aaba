-- How sales change. A revision adds lines and the tax on them. Its tax is what the whole sale is
-- taxed after it, by the rates and the rounding of the sale, less what was written before: so the
-- revisions of a sale always add up to the tax of what remains of it.

/*
 * What a line adds to what is owed: its amount after discount, and the tax that is not in it.
 */
create function sales.line_total(line sales.sale_lines)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        (line).amount_minor - (line).discount_minor
        + case when (line).tax_is_included then 0 else (line).tax_minor end;
end;

/*
 * Write a further revision of a sale with the lines that change it. The caller holds the lock of
 * what was sold. Nothing is written without lines.
 */
create function sales.revise_sale(
    business_id uuid, sale_id uuid, cause sales.revision_cause, changes sales.sale_lines[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_revision integer;
    v_position integer;
    v_lines pricing.taxable[];
    v_rule sales.sale_taxes;
    v_parts pricing.tax_part[];
begin
    if cardinality(changes) = 0 then
        return;
    end if;
    select coalesce(max(sale_lines.revision), 0) + 1, coalesce(max(sale_lines.position), 0)
    into v_revision, v_position
    from sales.sale_lines
    where
        sale_lines.business_id = revise_sale.business_id
        and sale_lines.sale_id = revise_sale.sale_id;
    v_rule = sales.tax_rule_of(revise_sale.business_id, revise_sale.sale_id);
    if v_rule.rounding_unit is null then
        v_lines = sales.untaxed_changes(v_position, changes);
        v_parts = array(select parts from pricing.document_taxes(v_lines, 'rate', 'down') as parts);
    else
        v_lines = sales.taxable_changes(
            revise_sale.business_id, revise_sale.sale_id, v_position, changes
        );
        v_parts = array(
            select parts
            from pricing.document_taxes(
                sales.taxed_lines(revise_sale.business_id, revise_sale.sale_id) || v_lines,
                v_rule.rounding_unit,
                v_rule.rounding_mode
            ) as parts
        );
    end if;
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    values (
        revise_sale.business_id, revise_sale.sale_id, v_revision, revise_sale.cause, auth.uid(),
        private.now()
    );
    perform sales.write_changes(
        revise_sale.business_id, revise_sale.sale_id, v_revision, changes, v_lines, v_parts
    );
    v_rule.business_id = revise_sale.business_id;
    v_rule.sale_id = revise_sale.sale_id;
    v_rule.revision = v_revision;
    perform sales.write_revision_taxes(v_rule, v_parts);
    if revise_sale.cause in ('cancelled', 'rejected', 'expired') then
        perform sales.release_coupons(revise_sale.business_id, revise_sale.sale_id);
    end if;
end;
$$;

/*
 * Write the lines of a revision with their taxes. `lines` are the changes as they are taxed.
 */
create function sales.write_changes(
    business_id uuid,
    sale_id uuid,
    revision integer,
    changes sales.sale_lines[],
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
        business_id, sale_id, position, revision, kind, corrects_line_id, service_id, name,
        quantity, unit_minor, amount_minor, discount_minor, tax_minor, tax_is_included
    )
    select
        write_changes.business_id,
        write_changes.sale_id,
        lines[change.ordinality].place,
        write_changes.revision,
        change.kind,
        change.corrects_line_id,
        change.service_id,
        change.name,
        1,
        change.amount_minor,
        change.amount_minor,
        change.discount_minor,
        (
            select sum(part.tax_minor)
            from unnest(parts) as part
            where part.place = lines[change.ordinality].place
        ),
        lines[change.ordinality].is_included
    from unnest(changes) with ordinality as change;
end;
$$;
