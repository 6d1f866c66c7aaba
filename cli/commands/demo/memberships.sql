-- Members: each business has a membership that renews and a pass of five visits, and five customers
-- joined three weeks before the demo's Monday, four of them paying at the counter.
insert into memberships.membership_plans (
    id, business_id, name, description, rank, renews, period_unit, access, advance_days, credits
)
select
    pg_temp.key('plan ' || plans.name || demo_businesses.n),
    demo_businesses.id,
    plans.name,
    plans.description,
    plans.rank,
    plans.renews,
    plans.unit::memberships.period_unit,
    plans.access,
    plans.advance_days,
    plans.credits
from demo_businesses
cross join (
    values
    ('Member', 'A visit each month, and dates before others.', 10, true, 'month', 'member', 14, 1),
    ('Five visits', 'Five visits within a year.', 0, false, 'year', 'pass', 0, 5)
) as plans (name, description, rank, renews, unit, access, advance_days, credits);

insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)
select
    demo_services.business_id,
    pg_temp.key('plan ' || prices.plan || demo_services.business_n),
    demo_services.currency,
    demo_services.price_minor * prices.tenths / 10
from demo_services
cross join (
    values ('Member', 9), ('Five visits', 45)
) as prices (plan, tenths)
where demo_services.n = 1;

insert into memberships.plan_services (business_id, plan_id, service_id)
select
    demo_services.business_id,
    pg_temp.key('plan ' || plans.name || demo_services.business_n),
    demo_services.id
from demo_services
cross join (values ('Member'), ('Five visits')) as plans (name)
where demo_services.n = 1;

-- As people do it, at the time when it happened.
do $$
declare
    v_joining record;
    v_membership_id uuid;
begin
    perform set_config(
        'frontdesk.now', (demo_size.monday - interval '21 days')::text, true
    )
    from demo_size;
    for v_joining in
        select
            demo_businesses.n as business_n,
            owners.user_id as owner_id,
            joining.place,
            profiles::identity.profiles as buyer
        from demo_businesses
        cross join demo_size
        cross join generate_series(1, 5) as joining (place)
        inner join business.business_members as owners
            on owners.business_id = demo_businesses.id and owners.role = 'owner'
        inner join identity.profiles
            on profiles.id = pg_temp.key(
                'person ' || 1 + (demo_businesses.n * 5 + joining.place) % demo_size.customers
            )
        order by demo_businesses.n, joining.place
    loop
        v_membership_id = memberships.sell(
            pg_temp.key(
                'plan ' || case when v_joining.place = 5 then 'Five visits' else 'Member' end
                || v_joining.business_n
            ),
            v_joining.buyer,
            pricing.make_terms()
        );
        continue when v_joining.place = 4;
        perform set_config(
            'request.jwt.claims',
            json_build_object('sub', v_joining.owner_id, 'role', 'authenticated')::text, true
        );
        perform money.record_cash(memberships.unpaid_sale(v_membership_id), null);
        perform set_config('request.jwt.claims', '', true);
    end loop;
    perform set_config('frontdesk.now', '', true);
end;
$$;
