create policy violation on identity.addresses for select to authenticated
using (user_id = auth.uid());
