-- The nightly run as hand-written DuckDB SQL: the peer that Hutong is measured against.
--
-- It does what docs/judging.md says of the faults that `hutong generate` makes, on one period that
-- has ended. `{…}` is filled in by peer_duckdb.py: folders, words, key pads, terms. Statements
-- between `-- per party` or `-- per issuer` and `-- end` run twice, with $I and $J the parties.
-- Points are BIGINT and their sums HUGEINT; money is DECIMAL. Nothing is a DOUBLE.

create table a_members as
select 会员号 as member_no, {member_a} as status, 状态生效时间 as status_since, 等级 as tier, 等级生效时间 as tier_since,
       sha256(unhex('{opad}') || unhex(sha256(unhex('{ipad}') || 'mobile'::blob || '\x00'::blob || 手机号::blob))) as mobile
from '{a}/members.parquet';
create table b_members as
select member_no, status, status_since, tier, tier_since, mobile_token as mobile from '{b}/members.parquet';

create table a_ledger as
select file_row_number + file_index * 1000000000 as row, 流水号 as event_id, 会员号 as member_no, {kind_a} as kind, 积分 as points,
       交易时间 as occurred_at, 入账时间 as posted_at, 对方流水号 as counter, 原流水号 as original, 订单号 as order_no,
       {status_a} as status
from read_parquet('{a}/ledger-*.parquet', file_row_number = true, filename = false);
