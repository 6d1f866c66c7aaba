-- What a constraint on delivery options cannot say. An option that is deleted must not have been
-- used: orders keep how they reach their buyer, and an option that is switched off is offered no
-- more.

create trigger _010_refuse_bad_input
before insert or update on commerce.delivery_options
for each row execute function business.any__refuse_bad_input('manage');

/*
 * Refuse to delete an option by which something was ordered.
 * Definer: whoever deletes it may not see every order.
 *
 * Errors:  PT409 in_use
 */
create function commerce.delivery_options__refuse_used()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from commerce.orders
        where orders.business_id = old.business_id and orders.delivery_option_id = old.id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'Orders are delivered by this option.',
            'Set is_active to false: then it is offered no more.'
        );
    end if;
    return old;
end;
$$;

create trigger _110_refuse_used
before delete on commerce.delivery_options
for each row execute function commerce.delivery_options__refuse_used();
