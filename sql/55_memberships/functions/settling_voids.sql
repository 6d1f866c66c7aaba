-- How invoices are taken back, and what is announced of a membership.

/*
 * Take back the invoice of a period that nobody paid.
 */
create function memberships.void_period(
    business_id uuid, membership_id uuid, number integer, cause sales.revision_cause
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods;
begin
    update memberships.membership_periods as periods
    set voided_at = private.now(), next_charge_at = null
    where
        periods.business_id = void_period.business_id
        and periods.membership_id = void_period.membership_id
        and periods.number = void_period.number
        and periods.voided_at is null
    returning periods.* into v_period;
    if v_period.sale_id is not null then
        perform sales.revise_sale(
            v_period.business_id, v_period.sale_id, void_period.cause,
            memberships.lines_taken_back(v_period.business_id, v_period.sale_id)
        );
    end if;
end;
$$;

/*
 * Return the lines that take back all that a sale charges.
 */
create function memberships.lines_taken_back(business_id uuid, sale_id uuid)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            sales.make_change(
                sale_lines.kind, sale_lines.id, null, sale_lines.name,
                - sale_lines.amount_minor - coalesce(taken.amount_minor, 0),
                - sale_lines.discount_minor - coalesce(taken.discount_minor, 0),
                sale_lines.plan_id
            )
        from sales.sale_lines
        cross join lateral (
            select
                sum(corrections.amount_minor)::bigint as amount_minor,
                sum(corrections.discount_minor)::bigint as discount_minor
            from sales.sale_lines as corrections
            where
                corrections.business_id = sale_lines.business_id
                and corrections.corrects_line_id = sale_lines.id
        ) as taken
        where
            sale_lines.business_id = lines_taken_back.business_id
            and sale_lines.sale_id = lines_taken_back.sale_id
            and sale_lines.corrects_line_id is null
            and sale_lines.amount_minor + coalesce(taken.amount_minor, 0) > 0
        order by sale_lines.position
    );
end;
$$;

/*
 * Announce something about a membership.
 */
create function memberships.emit(
    topic text, membership memberships.memberships, details jsonb default '{}'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        emit.topic,
        emit.details || jsonb_build_object(
            'membership_id', membership.id,
            'business_id', membership.business_id
        )
    );
end;
$$;
