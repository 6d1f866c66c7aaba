-- Every owner hears when somebody sets the bank account of their business.

/*
 * Tell the owners of a business where it is paid now.
 */
create function money.bank_accounts__tell_owners()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.emit(
        'auth.mail',
        jsonb_build_object(
            'kind', 'bank_account_changed',
            'user_id', users.id,
            'to', users.email,
            'business_name', businesses.name,
            'bank_account', '····' || new.last4
        )
    )
    from business.business_members
    inner join business.businesses on businesses.id = business_members.business_id
    inner join auth.users on users.id = business_members.user_id
    where
        business_members.business_id = new.business_id
        and business_members.role = 'owner'
        and users.email is not null;
    return null;
end;
$$;

create trigger _500_tell_owners
after insert or update on money.bank_accounts
for each row execute function money.bank_accounts__tell_owners();
