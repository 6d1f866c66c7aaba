-- What a service costs somebody now: the price after each list and rule, what promotions take off,
-- the taxes and the total; then the rules that did not hold, with the first condition they missed.
with asked as (
    select
        pricing.complete_context(
            pricing.for_buyer(
                pricing.to_terms(
                    %(coupon)s,
                    null,
                    %(currency)s,
                    coalesce(
                        (
                            select stores.id::text
                            from business.stores
                            where
                                stores.business_id = services.business_id
                                and stores.name = %(store)s
                        ),
                        %(store)s
                    ),
                    %(region)s,
                    null
                ),
                services.business_id,
                (
                    select users.id
                    from auth.users
                    where lower(users.email) = lower(%(customer)s)
                ),
                %(customer)s
            )
        ) as context,
        array[
            pricing.make_line(
                kind => 'service',
                name => services.name,
                quantity => %(quantity)s,
                unit_minor => services.price_minor,
                currency => services.currency,
                reference => jsonb_build_object('service_id', services.id),
                item_id => services.id,
                starts_at => private.to_instant(%(starts_at)s, 'starts_at', false),
                resource_id => coalesce(
                    (
                        select resources.id
                        from catalog.resources
                        where
                            resources.business_id = services.business_id
                            and resources.name = %(resource)s
                        limit 1
                    ),
                    private.to_identifier(%(resource)s, 'with', false)
                )
            )
        ] as lines
    from catalog.services
    where services.id = %(service_id)s
),

quoted as materialized (
    select
        asked.context,
        asked.lines,
        pricing.quote(asked.lines, asked.context) as quote
    from asked
),

steps as (
    select
        1 as part,
        rule.place,
        replace(rule.value ->> 'source', '_', ' ') as step,
        rule.value ->> 'name' as name,
        null as detail,
        (rule.value ->> 'unit_minor')::bigint as unit_minor,
        null::bigint as amount_minor
    from quoted
    cross join jsonb_array_elements(
        case
            when quoted.quote #> '{lines,0,rules}' = '[]'
                then pricing.trail('catalog', null, 'Catalog', (quoted.lines[1]).unit_minor)
            else quoted.quote #> '{lines,0,rules}'
        end
    ) with ordinality as rule (value, place)
    union all
    select
        2,
        discount.place,
        'discount',
        discount.value ->> 'name',
        (discount.value ->> 'bearer') || ' bears it',
        null,
        - (discount.value ->> 'amount_minor')::bigint
    from quoted
    cross join jsonb_array_elements(quoted.quote #> '{lines,0,discounts}')
        with ordinality as discount (value, place)
    union all
    select
        3,
        tax.place,
        'tax',
        tax.value ->> 'component',
        concat_ws(
            ' ',
            tax.value ->> 'rate_bps',
            'bps',
            case when (tax.value ->> 'is_included')::boolean then 'included' else 'added' end
        ),
        null,
        (tax.value ->> 'tax_minor')::bigint
    from quoted
    cross join jsonb_array_elements(quoted.quote -> 'taxes') with ordinality as tax (value, place)
    union all
    select 4, 1, 'total', null, null, null, (quoted.quote ->> 'total_minor')::bigint
    from quoted
    union all
    select 5, missed.place, 'did not hold', missed.name, missed.unmet, null, null
    from quoted
    cross join lateral pricing.judged_rules(
        pricing.apply_lists(quoted.lines, quoted.context), quoted.context, is_brief => false
    ) with ordinality as missed (
        line, rule_id, name, change_bps, change_minor, unit_minor, is_final, unmet, place
    )
    where missed.unmet is not null
)

select
    steps.step,
    steps.name,
    steps.detail,
    steps.unit_minor,
    steps.amount_minor,
    quoted.quote ->> 'currency' as currency
from steps
cross join quoted
order by steps.part, steps.place
