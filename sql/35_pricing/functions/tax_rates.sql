-- Which taxes a business levies on what it sells.

/*
 * Return how a business taxes what it sells, or null when it is not registered for tax. A choice
 * that its country does not leave to the seller has no effect.
 * Definer: the answer is the same for every caller.
 */
create function pricing.tax_basis(business_id uuid)
returns pricing.tax_basis
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_settings pricing.tax_settings;
    v_place pricing.tax_places;
    v_basis pricing.tax_basis;
begin
    select tax_settings.* into v_settings
    from pricing.tax_settings
    where tax_settings.business_id = tax_basis.business_id;
    if not found then
        return null;
    end if;
    select businesses.country, businesses.time_zone into v_basis.country, v_basis.time_zone
    from business.businesses
    where businesses.id = tax_basis.business_id;
    select tax_places.* into v_place
    from pricing.tax_places
    where tax_places.country = v_basis.country;

    v_basis.business_id = v_settings.business_id;
    v_basis.region = v_settings.region;
    v_basis.is_included = coalesce(v_settings.prices_include_tax, v_place.prices_include_tax, true);
    v_basis.rounding_unit = case
        when v_settings.rounding_unit = any(v_place.rounding_units) then v_settings.rounding_unit
        else coalesce(v_place.rounding_unit, 'rate')
    end;
    v_basis.rounding_mode = case
        when v_settings.rounding_mode = any(v_place.rounding_modes) then v_settings.rounding_mode
        else coalesce(v_place.rounding_mode, 'half_up')
    end;
    v_basis.fees_are_taxed = v_settings.fees_are_taxed;
    v_basis.is_in_eu = coalesce(v_place.is_in_eu, false);
    v_basis.gift_card_tax_class = v_settings.gift_card_tax_class;
    return v_basis;
end;
$$;

/*
 * Return the taxes of a class of what a business sells on a day, in their order. Rows of the
 * business stand in the place of the reference rates. A class without a rate there is taxed like
 * the standard class, so that nothing is left untaxed by mistake.
 * Definer: the answer is the same for every caller.
 */
create function pricing.tax_rates(
    basis pricing.tax_basis, tax_class text, on_day date, reach pricing.tax_reach
)
returns pricing.tax_rate[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_rates pricing.tax_rate[];
begin
    if tax_class = 'outside' then
        return '{}';
    end if;
    select
        array_agg(
            pricing.make_rate(
                found.component, found.rate_bps, found.is_compound,
                coalesce(found.region, found.country)
            )
            order by found.position, found.component
        )
    into v_rates
    from (
        select
            tax_rules.*,
            bool_or(tax_rules.business_id is not null) over () as has_own
        from pricing.tax_rules
        where
            tax_rules.country = basis.country
            and tax_rules.tax_class = tax_rates.tax_class
            and (tax_rules.region is null or tax_rules.region = basis.region)
            and (tax_rules.business_id is null or tax_rules.business_id = basis.business_id)
            and tax_rules.reach in ('always', tax_rates.reach)
            and tax_rules.during @> on_day
    ) as found
    where (found.business_id is not null) = found.has_own;
    if v_rates is not null then
        return v_rates;
    end if;
    return case tax_class
        when 'standard' then '{}'
        when 'exempt' then array[pricing.make_rate('exempt', 0, false, basis.country)]
        else pricing.tax_rates(basis, 'standard', on_day, reach)
    end;
end;
$$;

/*
 * Return whether the buyer owes the tax instead of the seller: both are in the European Union, in
 * different countries, and the buyer's tax number is verified.
 * Definer: buyers and workers cannot read the numbers.
 */
create function pricing.is_reverse_charged(
    basis pricing.tax_basis, buyer_id uuid, buyer_email text
)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return basis.is_in_eu and exists (
        select 1
        from customers.customers
        inner join pricing.tax_numbers
            on
                tax_numbers.business_id = customers.business_id
                and tax_numbers.customer_id = coalesce(customers.merged_into_id, customers.id)
        inner join pricing.tax_places on tax_places.country = tax_numbers.country
        where
            customers.business_id = basis.business_id
            and (
                customers.user_id = buyer_id
                or buyer_id is null
                and customers.user_id is null
                and customers.contact_verified_at is not null
                and lower(customers.email) = lower(buyer_email)
            )
            and tax_numbers.status = 'verified'
            and tax_places.is_in_eu
            and tax_places.country <> basis.country
    );
end;
$$;

/*
 * Return the tax class of a line: that of its kind, its own, or that of its service. Gift cards
 * have the class that their seller chose, if any.
 */
create function pricing.tax_class_of(
    kind text, own_class text, service_class text, gift_card_class text
)
returns text
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when kind = 'gift_card' then coalesce(gift_card_class, 'outside')
        when kind in ('tip', 'rounding') then 'outside'
        else coalesce(own_class, service_class, 'standard')
    end;
end;
