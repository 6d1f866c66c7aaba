-- The hash that says who belongs to a percentage: MurmurHash3 (x86, 32 bits), as in Unleash's SDKs.
-- A subject keeps its bucket for good, so a higher percentage keeps everybody who was in.

/*
 * Return the MurmurHash3 of a text in UTF-8, as a number from 0 to 4294967295. A product of two
 * 32-bit numbers is taken in two halves, because 64 bits have a sign; it is written out each time,
 * because a call in each round would double the time.
 * Source:  https://github.com/aappleby/smhasher, MurmurHash3_x86_32
 */
create function flags.murmur3(value text, seed bigint default 0)
returns bigint
language plpgsql
immutable
security invoker
parallel safe
set search_path = ''
as $$
declare
    v_bytes bytea = convert_to(value, 'UTF8');
    v_length integer = length(v_bytes);
    v_tail integer = length(v_bytes) & ~3;
    v_hash bigint = seed;
    v_word bigint;
begin
    for v_at in 0..v_tail - 1 by 4 loop
        v_word = get_byte(v_bytes, v_at) | (get_byte(v_bytes, v_at + 1) << 8)
            | (get_byte(v_bytes, v_at + 2) << 16) | (get_byte(v_bytes, v_at + 3)::bigint << 24);
        v_word = ((v_word & 65535) * 3432918353
            + ((((v_word >> 16) * 3432918353) & 65535) << 16)) & 4294967295;
        v_word = ((v_word << 15) | (v_word >> 17)) & 4294967295;
        v_hash = v_hash # (((v_word & 65535) * 461845907
            + ((((v_word >> 16) * 461845907) & 65535) << 16)) & 4294967295);
        v_hash = ((((v_hash << 13) | (v_hash >> 19)) & 4294967295) * 5 + 3864292196) & 4294967295;
    end loop;
    if v_tail < v_length then
        v_word = 0;
        for v_at in reverse v_length - 1..v_tail loop
            v_word = (v_word << 8) | get_byte(v_bytes, v_at);
        end loop;
        v_word = ((v_word & 65535) * 3432918353
            + ((((v_word >> 16) * 3432918353) & 65535) << 16)) & 4294967295;
        v_word = ((v_word << 15) | (v_word >> 17)) & 4294967295;
        v_hash = v_hash # (((v_word & 65535) * 461845907
            + ((((v_word >> 16) * 461845907) & 65535) << 16)) & 4294967295);
    end if;
    v_hash = v_hash # v_length;
    v_hash = v_hash # (v_hash >> 16);
    v_hash = ((v_hash & 65535) * 2246822507
        + ((((v_hash >> 16) * 2246822507) & 65535) << 16)) & 4294967295;
    v_hash = v_hash # (v_hash >> 13);
    v_hash = ((v_hash & 65535) * 3266489909
        + ((((v_hash >> 16) * 3266489909) & 65535) << 16)) & 4294967295;
    return v_hash # (v_hash >> 16);
end;
$$;

/*
 * Return the bucket of a subject in a group: a number from 1 to `size`, the same for good. A
 * subject is within a percentage when its bucket of 100 is not above it.
 */
create function flags.bucket(
    subject text, group_id text, size integer default 100, seed bigint default 0
)
returns integer
language plpgsql
immutable
security invoker
parallel safe
set search_path = ''
as $$
begin
    return flags.murmur3(group_id || ':' || subject, seed) % size + 1;
end;
$$;
