-- What is written about a merged customer is written about the one who they are now.

/*
 * Let a new row name the customer who the named one was merged into. The lock makes it wait for a
 * merger that is under way; a foreign key takes the same lock a moment later. The argument of the
 * trigger is the column.
 * Definer: whoever may write the row may not read every customer.
 */
create function crm.any__follow_merge()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_new jsonb = to_jsonb(new);
    v_now_id uuid;
begin
    select customers.merged_into_id into v_now_id
    from customers.customers
    where
        customers.business_id = (v_new ->> 'business_id')::uuid
        and customers.id = (v_new ->> tg_argv[0])::uuid
    for key share;
    if v_now_id is null then
        return new;
    end if;
    return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], v_now_id));
end;
$$;

create trigger _005_follow_merge
before insert on customers.customer_group_members
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on customers.entitlements
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on customers.allowances
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on pricing.tax_numbers
for each row
when (new.customer_id is not null)
execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on money.credits
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on memberships.memberships
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on crm.customer_notes
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on crm.customer_tags
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on crm.customer_blocks
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on crm.consents
for each row
when (new.customer_id is not null)
execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on scheduling.customer_preferences
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on crm.conversations
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on loyalty.referral_codes
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on loyalty.referrals
for each row execute function crm.any__follow_merge('referrer_id');

create trigger _006_follow_merge
before insert on loyalty.referrals
for each row execute function crm.any__follow_merge('referred_id');
