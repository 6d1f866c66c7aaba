create view public.violation with (security_invoker = true) as
select invitations.token_hash from business.invitations;
