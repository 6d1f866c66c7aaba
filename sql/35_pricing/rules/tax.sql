-- What a constraint on tax cannot say.

create trigger _010_refuse_bad_input
before insert or update on pricing.tax_rules
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.tax_settings
for each row execute function business.any__refuse_bad_input('manage');

-- Customers write their own number, which is for the policy to allow.
create trigger _010_refuse_bad_input
before insert or update on pricing.tax_numbers
for each row execute function private.any__refuse_bad_input();

/*
 * Refuse to round tax in a way that the law of the country does not leave to the seller.
 *
 * Errors:  PT422 rounding_not_allowed
 */
create function pricing.tax_settings__refuse_unlawful()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_place pricing.tax_places;
begin
    select tax_places.* into v_place
    from business.businesses
    inner join pricing.tax_places on tax_places.country = businesses.country
    where businesses.id = new.business_id;
    if new.rounding_unit <> all(v_place.rounding_units)
        or new.rounding_mode <> all(v_place.rounding_modes) then
        perform private.refuse(
            'PT422', 'rounding_not_allowed',
            format(
                'In %s tax is rounded by %s, and %s.', v_place.country,
                array_to_string(v_place.rounding_units, ' or '),
                array_to_string(v_place.rounding_modes, ' or ')
            ),
            'Leave rounding_unit and rounding_mode empty to round as the country has it.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_unlawful
before insert or update on pricing.tax_settings
for each row
when (num_nonnulls(new.rounding_unit, new.rounding_mode) > 0)
execute function pricing.tax_settings__refuse_unlawful();

/*
 * Write a tax number without spaces and punctuation, to be checked again.
 */
create function pricing.tax_numbers__normalize()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.number = upper(regexp_replace(new.number, '[\s./-]', '', 'g'));
    new.status = 'pending';
    new.checked_at = null;
    return new;
end;
$$;

create trigger _005_normalize
before insert or update of number, country on pricing.tax_numbers
for each row execute function pricing.tax_numbers__normalize();

/*
 * Ask a worker for the check digits of a number.
 * Definer: clients may not write to the queues.
 */
create function pricing.tax_numbers__ask()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.emit('tax_number.written', jsonb_build_object('tax_number_id', new.id));
    return null;
end;
$$;

create trigger _200_ask
after insert or update of number, country on pricing.tax_numbers
for each row execute function pricing.tax_numbers__ask();
