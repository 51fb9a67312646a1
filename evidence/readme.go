package evidence

// The same in every bundle: what a bundle says of itself proves nothing.
const readmeJa = `この証明ファイルについて

これは、電話の記録とその証明をまとめたファイルです。中身は次のとおりです。

  records.jsonl    記録。1行に1件（JSON形式、時刻は協定世界時）
  proofs.txt       記録が記録簿にあったことの証明。records.jsonl と同じ順に1行ずつ
  checkpoint.txt   記録簿全体を代表する値と、その署名
  rotations.txt    署名の鍵を替えたときの記録（替えたことがあるときだけ）
  manifest.txt     このZIPにあるファイルの一覧と、その署名
  files/           添付された書類（あるときだけ）

確かめ方（インターネットにつながっていないパソコンでもできます）

  tsujiban verify このファイル.zip -key 公開鍵のファイル -lang ja

公開鍵は、このファイルを渡した会社から、このファイルとは別の方法で受け取ってください。tsujiban の入手先は
その会社が案内します。ほかのプログラムでも確かめられるよう、形式は公開の規格によっています。記録の1行（改行を除く）の
前に値0のバイトを1つ置いたもののSHA-256が RFC 6962 の木の葉で、proofs.txt の番号（0から数える）と値を使って
checkpoint.txt の3行目にたどり着きます。署名は C2SP signed-note（Ed25519）です。

ZIPは、展開して作り直すと、別のファイルとして扱われます。受け取ったまま保管してください。
`

const readmeEn = `About this bundle

It holds call records and what proves them:

  records.jsonl    the records, one a line (JSON, times in UTC)
  proofs.txt       what proves that they stood in the journal: a line for each line of records.jsonl
  checkpoint.txt   the value that stands for the whole journal, and its signature
  rotations.txt    what was signed when the key was changed (only if it was)
  manifest.txt     the list of the files in this ZIP, and its signature
  files/           documents that go with it (only if there are any)

How to verify it, also without a network:

  tsujiban verify this-file.zip -key file-with-the-public-key -lang en

Get the public key from the company that gave you this file, by another way than this file. They tell where
tsujiban is to be had. The format follows public standards, so that any other program can verify it: the SHA-256 of a byte 0
followed by a line of the records, without its newline, is a leaf of the tree of RFC 6962; number (from 0) and hashes in
proofs.txt lead from it to the third line of checkpoint.txt. Signatures are C2SP signed notes (Ed25519).

Keep the ZIP as you got it: unpacked and packed anew it counts as another file.
`
