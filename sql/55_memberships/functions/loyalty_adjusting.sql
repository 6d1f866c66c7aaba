-- How members change the points of a customer by hand.

/*
 * Add points to a customer, or take some of those that are left, with a reason. New points expire
 * as earned ones do.
 * Definer: nobody has a write grant on points; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 insufficient_points
 */
create function loyalty.adjust(
    business_id uuid, customer_id uuid, points integer, reason text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_program loyalty.programs;
    v_entry loyalty.entries = loyalty.make_entry(
        adjust.business_id, adjust.customer_id, 'adjusted', null, adjust.reason, auth.uid()
    );
    v_left bigint;
begin
    perform private.require_member(adjust.business_id, 'manage');
    v_program = loyalty.require_program(adjust.business_id);
    if not exists (
        select 1
        from customers.customers
        where
            customers.business_id = adjust.business_id
            and customers.id = adjust.customer_id
            and customers.merged_into_id is null
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'The business has no such customer.',
            'Choose one of the view customers.'
        );
    end if;
    perform loyalty.lock_accounts(adjust.business_id, array[adjust.customer_id]);
    v_left = loyalty.spendable(adjust.business_id, adjust.customer_id, private.now());
    if v_left + adjust.points < 0 then
        perform loyalty.refuse_excess(v_left);
    elsif adjust.points < 0 then
        perform loyalty.take_points(v_entry, - adjust.points);
    else
        perform loyalty.add_points(v_entry, adjust.points, loyalty.expiry_of(v_program));
    end if;
end;
$$;

/*
 * Return the program of a business that has one.
 *
 * Errors:  PT404 not_found
 */
create function loyalty.require_program(business_id uuid)
returns loyalty.programs
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_program loyalty.programs = loyalty.program_of(require_program.business_id);
begin
    if v_program.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no loyalty program.',
            'Check the id in the view loyalty_programs.'
        );
    end if;
    return v_program;
end;
$$;
