-- What everybody would have of a line that a business sells now.
select
    shares.party,
    shares.reason,
    shares.amount_minor,
    lines.currency
from (
    select
        jsonb_populate_record(
            null::sales.sale_lines,
            jsonb_build_object(
                'business_id', businesses.id,
                'kind', %(kind)s::text,
                'service_id', %(service_id)s::uuid,
                'amount_minor', %(amount)s::bigint,
                'discount_minor', %(discount)s::bigint,
                'tax_minor', %(tax)s::bigint
            )
        ) as line,
        coalesce(%(currency)s, businesses.currency) as currency
    from business.businesses
    where businesses.id = %(business_id)s
) as lines
cross join lateral money.simulate_line(
    lines.line, lines.currency, %(subsidy)s::bigint, %(tax_is_added)s::boolean
) as shares
order by shares.place
