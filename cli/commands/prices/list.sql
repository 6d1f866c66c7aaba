-- What makes the prices of a business, in the order in which it applies. Conditions are the columns
-- that are set, as they are stored.
with tools as (
    select
        1 as step,
        'price list' as kind,
        price_lists.name,
        price_lists.priority,
        price_list_items.unit_minor || ' ' || price_lists.currency
        || case
            when price_list_items.min_quantity > 1 then ' from ' || price_list_items.min_quantity
            else ''
        end as changes,
        coalesce(services.name, service_addons.name) as service,
        null as used,
        price_lists.is_active,
        price_lists.created_at,
        to_jsonb(price_lists) as details
    from pricing.price_lists
    left join pricing.price_list_items
        on
            price_list_items.business_id = price_lists.business_id
            and price_list_items.price_list_id = price_lists.id
    left join catalog.services on services.id = price_list_items.service_id
    left join catalog.service_addons on service_addons.id = price_list_items.addon_id
    where price_lists.business_id = %(business_id)s
    union all
    select
        2,
        'rule',
        price_rules.name,
        price_rules.priority,
        coalesce(
            price_rules.change_bps || ' bps',
            price_rules.change_minor || ' ' || price_rules.currency,
            'is ' || price_rules.unit_minor || ' ' || price_rules.currency
        ),
        services.name,
        null,
        price_rules.is_active,
        price_rules.created_at,
        to_jsonb(price_rules) - array['change_bps', 'change_minor', 'unit_minor', 'condition_count']
    from pricing.price_rules
    left join catalog.services on services.id = price_rules.service_id
    where price_rules.business_id = %(business_id)s
    union all
    select
        3,
        'promotion',
        promotions.name,
        promotions.priority,
        coalesce(
            '-' || promotions.percent_bps || ' bps',
            '-' || promotions.amount_minor || ' ' || promotions.currency,
            'buy ' || promotions.buy_quantity || ' get ' || promotions.get_quantity,
            promotions.get_quantity || ' free'
        ),
        services.name,
        promotions.used_count || coalesce(' of ' || promotions.max_uses, ''),
        promotions.is_active,
        promotions.created_at,
        to_jsonb(promotions) - array[
            'percent_bps', 'amount_minor', 'buy_quantity', 'get_quantity', 'kind', 'used_count',
            'spent_minor', 'max_uses'
        ]
    from pricing.promotions
    left join catalog.services on services.id = promotions.service_id
    where promotions.business_id = %(business_id)s
)

select
    tools.kind,
    tools.name,
    tools.priority,
    tools.changes,
    tools.service,
    (
        select string_agg(detail.key || ' ' || detail.value, ', ' order by detail.key)
        from jsonb_each_text(
            tools.details - array[
                'id', 'business_id', 'name', 'priority', 'is_active', 'currency', 'created_at',
                'service_id'
            ]
        ) as detail
        where detail.value is not null and detail.value not in ('false', '0')
    ) as conditions,
    tools.used,
    tools.is_active
from tools
order by tools.step, tools.priority desc, tools.created_at, tools.name, tools.changes
