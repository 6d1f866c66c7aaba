-- What a worker asks and says about tax numbers. It knows the check digits of each country; what
-- follows from a verified number is decided here.

/*
 * Return a number whose check digits nobody has looked at yet: {country, number}; null otherwise.
 * Definer: workers have no access to the tables.
 */
create function pricing.tax_number_to_check(tax_number_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object('country', tax_numbers.country, 'number', tax_numbers.number)
        from pricing.tax_numbers
        where
            tax_numbers.id = tax_number_to_check.tax_number_id
            and tax_numbers.status = 'pending'
    );
end;
$$;

/*
 * Record what the check digits of a number say: whether they hold, or null where nobody knows them
 * for the country. A number that was changed meanwhile waits for its own check.
 * Definer: workers have no access to the tables.
 */
create function pricing.record_tax_number_check(
    tax_number_id uuid, number text, is_valid boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update pricing.tax_numbers
    set
        status = case record_tax_number_check.is_valid
            when true then 'verified'
            when false then 'refused'
            else 'unchecked'
        end::pricing.tax_number_status,
        checked_at = private.now()
    where
        tax_numbers.id = record_tax_number_check.tax_number_id
        and tax_numbers.number = record_tax_number_check.number
        and tax_numbers.status = 'pending';
end;
$$;

/*
 * Return the verified tax number of a business in its country, or null.
 * Definer: it stands on documents, which customers read.
 */
create function pricing.tax_number_of(business_id uuid, country text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select tax_numbers.number
        from pricing.tax_numbers
        where
            tax_numbers.business_id = tax_number_of.business_id
            and tax_numbers.customer_id is null
            and tax_numbers.country = tax_number_of.country
            and tax_numbers.status = 'verified'
    );
end;
$$;
